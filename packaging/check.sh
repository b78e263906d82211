#!/usr/bin/env bash
# Looks at packages before anybody installs them: lintian finds nothing, nothing of
# the tests is in them, no path of the build machine, units that systemd understands.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
fail() { echo "check.sh: $*" >&2; exit 1; }

lintian --fail-on error,warning --allow-root "$@"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
for package in "$@"; do
    dpkg-deb -x "$package" "$tree"
done
if find "$tree" -iname '*weaken*' -o -iname '*attack*' -o -iname '*-demo*' | grep .; then
    fail "a test's program is packed"
fi
if grep -rlF -e "$root" -e "${CARGO_HOME:-$HOME/.cargo}/" "$tree"; then
    fail "a path of this machine is packed"
fi
"$tree/usr/bin/cordon" run --help >/dev/null
if "$tree/usr/bin/cordon" run --weaken seccomp x.yaml 2>/dev/null; [ $? != 2 ]; then
    fail "the packed program can be weakened"
fi
# Units, as systemd reads them. Programs and manifests are not on this machine.
"$here/verify-units.sh" "$tree"
