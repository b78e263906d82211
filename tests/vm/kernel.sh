#!/usr/bin/env bash
# Fetches the kernel of the micro virtual machine, Debian's cloud kernel of this
# system's release, and prints the path of its vmlinuz. SELinux and a serial line
# are built into it. What was fetched is kept under target/vm/.
set -euo pipefail

package=linux-image-cloud-amd64
root=$(cd "$(dirname "$0")/../.." && pwd)
. /etc/os-release
vm=${CARGO_TARGET_DIR:-$root/target}/vm
kept=$vm/kernel-${VERSION_CODENAME:?not a Debian release}

mkdir -p "$vm"
exec 9>"$kept.lock"
flock 9
if [ ! -e "$kept/vmlinuz" ]; then
    part=$(mktemp -d "$vm/part.XXXXXX")
    trap 'rm -rf "$part"' EXIT
    fetch() {
        image=$(apt-cache depends "$package" | awk '$1 == "Depends:" && /linux-image/ { print $2 }')
        [ -n "$image" ] && (cd "$part" && apt-get -qq download "$image")
    }
    # Lists may be missing, or older than what the mirror has.
    fetch >/dev/null 2>&1 || {
        if [ "$(id -u)" -eq 0 ]; then apt-get -qq update; else sudo apt-get -qq update; fi
        fetch
    } >&2
    dpkg-deb -x "$part"/*.deb "$part/tree"
    mkdir "$part/kept"
    mv "$part"/tree/boot/vmlinuz-* "$part/kept/vmlinuz"
    rm -rf "$kept"
    mv "$part/kept" "$kept"
fi
echo "$kept/vmlinuz"
