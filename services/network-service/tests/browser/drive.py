#!/usr/bin/env python3
"""Opens a page in headless Chromium with a client certificate and does what stdin says.

    drive.py URL CA.crt CLIENT.p12 [WIDTHxHEIGHT]

Each line of stdin is one JSON object, answered by one line of JSON on stdout:

    {"evaluate": "EXPRESSION"}   -> {"value": ...}   (promises are awaited)
    {"screenshot": "FILE.png"}   -> {"value": "FILE.png"}
    {"messages": true}           -> {"value": [...]}  console errors and refusals so far

or {"error": "..."} . The end of stdin ends the browser.

Needs chromium, certutil and pk12util (libnss3-tools), and root: Chromium takes the answer
to "which certificate?" only from a managed policy, a file in /etc. That file names this URL
alone and is removed at the end; of two such files Chromium takes one, so a lock lets one
browser run at a time. Only the standard library; the browser is driven over
--remote-debugging-pipe (NUL-terminated JSON on its descriptors 3 and 4).
"""

import base64
import fcntl
import glob
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

LOCK = "/tmp/cordon-test-browser.lock"
# Seconds the browser may take for one answer.
PATIENCE = 20
POLICIES = "/etc/chromium/policies/managed"
HAND_OVER = 'exec 3<&0 4>&1 0</dev/null 1>&2; exec "$@"'


class Browser:
    def __init__(self, home, size):
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--no-proxy-server", f"--window-size={size}",
            f"--user-data-dir={home}/profile", "about:blank",
        ]
        environment = {**os.environ, "HOME": home}
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "DBUS_SESSION_BUS_ADDRESS"):
            environment.pop(name, None)
        self.log = open(f"{home}/chromium.log", "wb")
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", HAND_OVER, "sh", *command], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
        )
        self.unread = b""
        self.number = 0
        self.messages = []
        self.loaded = False
        self.session = None

    def receive(self):
        while b"\0" not in self.unread:
            if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
                raise RuntimeError(f"chromium has not answered for {PATIENCE} s")
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                raise RuntimeError("chromium has ended")
            self.unread += part
        message, self.unread = self.unread.split(b"\0", 1)
        message = json.loads(message)
        self.note(message)
        return message

    def note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded":
            self.messages.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.messages.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Network.requestWillBeSent":
            self.messages.append("request " + params["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded = True

    def call(self, method, **params):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.process.stdin.write(json.dumps(message).encode() + b"\0")
        self.process.stdin.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]

    def open(self, url, size):
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        width, height = (int(side) for side in size.split(","))
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        answer = self.call("Page.navigate", url=url)
        if "errorText" in answer:
            raise RuntimeError(f"{url}: {answer['errorText']}")
        while not self.loaded:
            self.receive()

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", "exception"))
        return answer["result"].get("value")

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
        return path

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


def install(home, ca, p12):
    store = f"{home}/.pki/nssdb"
    os.makedirs(store)
    for command in (
        ["certutil", "-d", f"sql:{store}", "-N", "--empty-password"],
        ["certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "ca", "-i", ca],
        ["pk12util", "-d", f"sql:{store}", "-i", p12, "-W", ""],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def policy(url):
    parts = urllib.parse.urlsplit(url)
    pattern = f"{parts.scheme}://{parts.netloc}"
    rule = json.dumps({"pattern": pattern, "filter": {}})
    os.makedirs(POLICIES, exist_ok=True)
    for left in glob.glob(f"{POLICIES}/cordon-test-*.json"):
        os.unlink(left)  # of a driver that was killed: the lock is ours
    path = f"{POLICIES}/cordon-test-{os.getpid()}.json"
    with open(path, "w") as file:
        json.dump({"AutoSelectCertificateForUrls": [rule]}, file)
    return path


def serve(browser):
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if "evaluate" in order:
                value = browser.evaluate(order["evaluate"])
            elif "screenshot" in order:
                value = browser.screenshot(order["screenshot"])
            else:
                browser.evaluate("0")  # takes in what is waiting
                value = browser.messages
            answer = {"value": value}
        except RuntimeError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    url, ca, p12 = sys.argv[1:4]
    size = (sys.argv[4] if len(sys.argv) == 5 else "1280x800").replace("x", ",")
    lock = open(LOCK, "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    home = tempfile.mkdtemp(prefix="cordon-browser-")
    rule = policy(url)
    browser = None
    try:
        install(home, ca, p12)
        browser = Browser(home, size)
        browser.open(url, size)
        print(json.dumps({"value": "open"}), flush=True)
        serve(browser)
    except RuntimeError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        sys.exit(1)
    finally:
        if browser:
            browser.close()
        os.unlink(rule)
        shutil.rmtree(home, ignore_errors=True)


main()
