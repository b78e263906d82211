#!/usr/bin/python3 -IB
"""A status page on the socket this program inherited (sd_listen_fds(3))."""

import json
import os
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import BaseServer

FIRST_INHERITED = 3


class Page(BaseHTTPRequestHandler):
    """Answers every GET with what this process is."""

    def do_GET(self):
        body = json.dumps({"service": "status-page", "user": os.getuid(), "process": os.getpid()})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


class Inherited(HTTPServer):
    """A server on a socket it is given: the library's own would make one."""

    def __init__(self, listener, handler):
        BaseServer.__init__(self, listener.getsockname(), handler)
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]


def main():
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")
    listener = socket.socket(fileno=FIRST_INHERITED + names.index("http"))
    Inherited(listener, Page).serve_forever()


if __name__ == "__main__":
    main()
