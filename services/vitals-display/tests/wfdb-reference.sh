#!/bin/sh
# Makes target/wfdb-venv, in which the reader's tests find the Python package wfdb:
# an independent reader to compare with, sample for sample. About 40 s and 450 MB.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
venv=${CARGO_TARGET_DIR:-$root/target}/wfdb-venv
if "$venv/bin/python" -c 'import wfdb' 2>/dev/null; then
    exit 0
fi
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet 'wfdb==4.3.1'
