#!/usr/bin/env bash
# Runs a command in a virtual machine that was left running (KEEP=1):
#   shell.sh target/vm/run/NAME/agent COMMAND
set -euo pipefail

socket=${1:?usage: shell.sh SOCKET COMMAND}
command=${2:?usage: shell.sh SOCKET COMMAND}
python3 - "$socket" "$command" <<'PYTHON'
import json, os, socket, sys
port = socket.socket(socket.AF_UNIX)
port.connect(sys.argv[1])
answers = port.makefile()


def send(command):
    port.sendall(b"%d\n" % len(command) + command)


# Whoever was here before may have left without the answer to his last command.
token = str(os.getpid())
send(b"echo " + token.encode())
while token not in json.loads(answers.readline()).get("stdout", ""):
    pass
send(sys.argv[2].encode())
answer = json.loads(answers.readline())
sys.stdout.write(answer["stdout"])
sys.stderr.write(answer["stderr"])
sys.exit(answer["exit"] & 255)
PYTHON
