#!/usr/bin/env bash
# Installs packages as an image build does and takes them away again, in a copy of a
# Debian tree, on a kernel that need not have SELinux: `try-install.sh SUITE DEB...`.
# Needs root, and the mirror for what the packages depend on.
set -euo pipefail

suite=${1:?usage: try-install.sh trixie|bookworm PACKAGE.deb...}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
base=$("$root/policygen/tests/debian.sh" "$suite")
output=${CARGO_TARGET_DIR:-$root/target}/package
mkdir -p "$output"
tree=$(mktemp -d "$output/try.XXXXXX")
cleanup() {
    ! mountpoint -q "$tree/proc" || umount "$tree/proc"
    rm -rf --one-file-system "$tree"
}
trap cleanup EXIT
fail() { echo "try-install.sh: $*" >&2; exit 1; }
say() { echo "try-install: $*"; }
inside() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }

cp -a --reflink=auto "$base/." "$tree"
chmod 755 "$tree"
mount -t proc proc "$tree/proc"
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
mkdir "$tree/packages"
cp "$@" "$tree/packages/"
store=$tree/var/lib/selinux/default/active/modules/200
manifest=/etc/cordon/bedside-monitor.yaml

say "installing, with what they depend on"
inside sh -c 'apt-get -qq update && apt-get -qq -y --no-install-recommends install /packages/*.deb' \
    >"$output/try.log" 2>&1 || { tail -40 "$output/try.log" >&2; fail "not installed"; }
for module in cordon cordon_bedside_monitor; do
    [ -d "$store/$module" ] || fail "$module is not in the store"
done
bzip2 -dc "$store/cordon_bedside_monitor/cil" |
    cmp - "$tree/usr/share/cordon/devices/bedside-monitor/cordon_bedside_monitor.cil" ||
    fail "the policy that was installed is not the one that was packed"
[ "$(stat -c '%U:%G %a' "$tree/etc/cordon")" = 'root:root 755' ] || fail "/etc/cordon is not root's"
inside stat -c '%U:%G %a' /etc/bedside-monitor/tls | grep -qx 'root:netsvc 750' ||
    fail "the certificates' directory is not the network service's"

say "labelling, as an image build does last"
inside setfiles -F -m /etc/selinux/default/contexts/files/file_contexts /usr /etc /var
said=$(inside cordon policy install "$manifest" --root /)
grep -q 'is installed already' <<<"$said" || fail "installed twice: $said"
grep -q '; 0 changed' <<<"$said" || fail "the image's labels are not the policy's: $said"
inside systemd-analyze verify --man=no cordon@bedside-monitor.service \
    cordon-policy@bedside-monitor.service 2>"$output/verify.log" || true
! grep -i cordon "$output/verify.log" || fail "a unit is not understood"

say "installing again changes nothing, removing takes the policy away"
inside sh -c 'dpkg --install /packages/*.deb' >>"$output/try.log" 2>&1
[ -d "$store/cordon_bedside_monitor" ] || fail "an upgrade took the policy away"
mkdir "$tree/kept"
cp -a "$store"/cordon* "$tree/kept/"
inside dpkg --remove cordon-bedside-monitor >>"$output/try.log" 2>&1
[ ! -e "$store/cordon_bedside_monitor" ] && [ ! -e "$store/cordon" ] || fail "the policy stayed"

say "purging takes away what a removal that was interrupted left"
mv "$tree"/kept/cordon* "$store/"
rmdir "$tree/kept"
inside dpkg --purge cordon-bedside-monitor >>"$output/try.log" 2>&1
[ ! -e "$store/cordon_bedside_monitor" ] || fail "the device's module stayed"
[ ! -e "$tree$manifest" ] && [ ! -e "$tree/etc/bedside-monitor" ] || fail "files stayed"
inside dpkg --purge cordon >>"$output/try.log" 2>&1
[ ! -e "$store/cordon" ] || fail "the base module stayed"
! grep -i 'load.*policy' "$output/try.log" || fail "a kernel was given a policy"
left=$(cd "$tree" && find etc usr var/lib -path var/lib/dpkg -prune -o -path '*cordon*' -print -o -path '*bedside-monitor*' -print)
[ -z "$left" ] || fail "left behind: $left"
say "ok: $suite"
