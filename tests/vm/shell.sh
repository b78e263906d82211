#!/usr/bin/env bash
# Runs a command in a virtual machine that was left running (KEEP=1):
#   shell.sh target/vm/run/NAME/agent COMMAND
set -euo pipefail

socket=${1:?usage: shell.sh SOCKET COMMAND}
command=${2:?usage: shell.sh SOCKET COMMAND}
python3 - "$socket" "$command" <<'PYTHON'
import json, socket, sys
port = socket.socket(socket.AF_UNIX)
port.connect(sys.argv[1])
command = sys.argv[2].encode()
port.sendall(b"%d\n" % len(command) + command)
answer = json.loads(port.makefile().readline())
sys.stdout.write(answer["stdout"])
sys.stderr.write(answer["stderr"])
sys.exit(answer["exit"] & 255)
PYTHON
