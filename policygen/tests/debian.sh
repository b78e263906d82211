#!/usr/bin/env bash
# Makes a chroot with a Debian release's SELinux tools and policy, and prints
# its path: `debian.sh trixie`. One release's tools cannot read the next one's
# policy. Needs root and a Debian mirror, and a minute the first time; what it
# made is kept under target/policy/. Without a suite: of the supported releases
# the one that this system is not.
set -euo pipefail

. /etc/os-release
case ${VERSION_CODENAME:-} in
trixie) other=bookworm ;;
*) other=trixie ;;
esac
suite=${1:-$other}
packages=secilc,policycoreutils,setools,selinux-policy-default,bzip2
root=$(cd "$(dirname "$0")/../.." && pwd)
# The key changes with what is in it: an older chroot is not used by mistake.
key=$(printf '%s' "$suite $packages" | sha256sum | cut -c1-12)
policy=${CARGO_TARGET_DIR:-$root/target}/policy
chroot=$policy/$suite-$key

mkdir -p "$policy"
exec 9>"$policy/$suite.lock"
flock 9
if [ ! -e "$chroot/.complete" ]; then
    command -v mmdebstrap >/dev/null || {
        echo "debian.sh: mmdebstrap is not installed" >&2
        exit 1
    }
    rm -rf --one-file-system "$chroot"
    mmdebstrap --quiet --variant=minbase --include="$packages" "$suite" "$chroot" >&2
    touch "$chroot/.complete"
fi
echo "$chroot"
