#!/usr/bin/env bash
# Makes the tree of a Debian release that the whole virtual machine's image
# starts from, and prints its path: `base.sh trixie`. Needs root and a Debian
# mirror, and two minutes; what it made is kept under target/vm/, keyed by the
# release, the list of packages and this script.
set -euo pipefail

suite=${1:?usage: base.sh SUITE}
here=$(cd "$(dirname "$0")" && pwd)
vm=${CARGO_TARGET_DIR:-$here/../../target}/vm
mkdir -p "$vm"
vm=$(cd "$vm" && pwd)
packages=$(sed 's/#.*//' "$here/packages" | tr -s '\n ' ',' | sed 's/^,//; s/,$//')
key=$( (echo "$suite $packages"; cat "$here/base.sh") | sha256sum | cut -c1-12)
kept=$vm/base-$suite-$key

exec 9>"$vm/base-$suite.lock"
flock 9
if [ ! -d "$kept" ]; then
    # Nothing looks whole that is not: it gets its name when it is complete.
    part=$(mktemp -d "$vm/part.XXXXXX")
    trap 'rm -rf --one-file-system "$part"' EXIT
    chmod 755 "$part"
    # The initramfs has what the machine's disk and screen need and no more: it
    # is unpacked by an emulated processor. The screen's node is there early.
    mmdebstrap --quiet --variant=minbase --include="$packages" \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"' \
        --essential-hook='echo MODULES=list > "$1/etc/initramfs-tools/conf.d/virtual-machine"' \
        --essential-hook='printf "%s\n" virtio_pci virtio_blk virtio_console ext4 bochs > "$1/usr/share/initramfs-tools/modules.d/virtual-machine"' \
        "$suite" "$part/root" >&2
    rm -rf "$vm"/base-"$suite"-*
    mv "$part/root" "$kept"
fi
echo "$kept"
