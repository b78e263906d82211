#!/usr/bin/env bash
# Makes the Debian packages for a release: `packaging/package.sh debian-13`, or
# `make package TARGET=debian-13`. They end in target/package/.
#
# The same sources give the same bytes: no path of this machine and no time but the
# changelog's is in them. The programs are built here, so their C library must not
# be newer than the target's: build on the oldest release you ship for.
set -euo pipefail

target=${1:?usage: package.sh debian-13|debian-12}
case $target in
debian-13) suite=trixie libc=2.41 ;;
debian-12) suite=bookworm libc=2.36 ;;
*) echo "package.sh: no target $target; there are debian-13 and debian-12" >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
output=${CARGO_TARGET_DIR:-$root/target}/package
build=$output/build-$target
stage=$build/cordon
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(dpkg-parsechangelog -l "$here/debian/changelog" -S Timestamp)}
export SOURCE_DATE_EPOCH LC_ALL=C
umask 022

say() { echo "package: $*"; }

# --- the programs, without this machine's paths (they would stand in panic messages)
say "building the programs (the first time takes minutes)"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
remap="--remap-path-prefix=$cargo_home=/cargo"$'\x1f'"--remap-path-prefix=$root=/cordon"
programs=${output%/package}/packaging
(cd "$root" && CARGO_ENCODED_RUSTFLAGS=$remap CFLAGS="-ffile-prefix-map=$cargo_home=/cargo" \
    cargo build --locked --quiet --profile shipped --target-dir "$programs" \
    --bin cordon --bin vitals-display --bin network-service)
programs=$programs/shipped

# --- everything where it belongs
rm -rf "$build"
mkdir -p "$stage"
cp -r "$here/debian" "$here/man" "$stage/"
cp "$root"/{README.md,ARCHITECTURE.md,SECURITY.md} "$stage/"
chmod 644 "$stage"/debian/*
chmod 755 "$stage/debian/rules"
put() { install -D -m "$1" "$2" "$stage/$3"; }
put 755 "$programs/cordon" usr/bin/cordon
for service in vitals-display network-service; do
    put 755 "$programs/$service" "usr/lib/bedside-monitor/$service"
done
units=usr/lib/systemd/system
for unit in cordon@.service cordon-policy@.service; do
    put 644 "$here/systemd/$unit" "$units/$unit"
done
put 644 "$here/bedside-monitor/unit.conf" "$units/cordon@bedside-monitor.service.d/bedside-monitor.conf"
put 644 "$here/sysctl.d/50-cordon.conf" usr/lib/sysctl.d/50-cordon.conf
put 644 "$here/bedside-monitor/udev.rules" usr/lib/udev/rules.d/60-bedside-monitor.rules
cp "$here/sysusers.conf" "$stage/debian/cordon.sysusers"
cp "$here/bedside-monitor/sysusers.conf" "$stage/debian/cordon-bedside-monitor.sysusers"
cp "$here/bedside-monitor/tmpfiles.conf" "$stage/debian/cordon-bedside-monitor.tmpfiles"
put 644 "$here/completions/cordon.bash" usr/share/bash-completion/completions/cordon
put 644 "$here/completions/_cordon" usr/share/zsh/vendor-completions/_cordon
put 644 "$here/completions/cordon.fish" usr/share/fish/vendor_completions.d/cordon.fish
share=usr/share/cordon
for schema in "$root"/profiles/*.schema.json; do
    put 644 "$schema" "$share/schema/$(basename "$schema")"
done
for directory in roles seccomp targets examples; do
    for file in "$root/profiles/$directory"/*; do
        put 644 "$file" "$share/profiles/$directory/$(basename "$file")"
    done
done
for file in "$root"/selinux/*.cil; do
    put 644 "$file" "$share/selinux/$(basename "$file")"
done

# --- the device: manifest, and its policy, which is proved before it is packed
manifest=$stage/etc/cordon/bedside-monitor.yaml
mkdir -p "$(dirname "$manifest")"
"$here/manifest.sh" "$target" >"$manifest"
# What the generator asks of a device: programs with their libraries, users, files.
facts=$build/facts
mkdir -p "$facts"/{etc/bedside-monitor/tls,usr/lib,usr/share/fonts/opentype/b612}
ln -s usr/lib "$facts/lib"
ln -s usr/lib "$facts/lib64"
cp -r "$stage/usr/lib/bedside-monitor" "$facts/usr/lib/"
ldd "$programs"/{vitals-display,network-service} | grep -o '/[^ ]*' | grep -v : | sort -u |
    while read -r library; do
        install -D "$(readlink -f "$library")" "$facts/usr/lib/${library#*/lib*/}"
    done
printf '%s:x:%s:%s::/:/usr/sbin/nologin\n' vitals 990 990 netsvc 991 991 >"$facts/etc/passwd"
printf '%s:x:%s:\n' vitals 990 netsvc 991 >"$facts/etc/group"
. /etc/os-release
policy_root=()
if [ "${VERSION_CODENAME:-}" != "$suite" ]; then
    policy_root=(--policy-root "$("$root/policygen/tests/debian.sh" "$suite")")
fi
devices=$stage/$share/devices/bedside-monitor
"$programs/cordon" policy build "$manifest" --root "$facts" --target "$target" \
    "${policy_root[@]}" -o "$devices" >"$build/policy.log" ||
    { cat "$build/policy.log" >&2; exit 1; }
tail -1 "$build/policy.log"
grep -q 'assertions hold' "$build/policy.log" || {
    echo "package.sh: a policy that nobody proved is not packed: install secilc" >&2
    exit 1
}
# The base module is the package cordon's.
rm "$devices"/cordon{,-assertions}.cil

# --- what the programs are linked from, with every licence text once
say "collecting the libraries' licences"
"$here/libraries.sh" >"$stage/libraries"

# --- the packages
sed -i "1s/(\([^)]*\))/(\1~deb${target#debian-})/" "$stage/debian/changelog"
(cd "$stage" && dpkg-buildpackage -b -us -uc >"$build/dpkg.log" 2>&1) ||
    { cat "$build/dpkg.log" >&2; exit 1; }
needs=$(dpkg-deb -f "$build"/cordon_*.deb Depends | grep -o 'libc6 (>= [^)]*' | cut -d' ' -f3)
dpkg --compare-versions "${needs:-0}" le "$libc" || {
    echo "package.sh: built against libc6 $needs, and $target has $libc: build on $target" >&2
    exit 1
}
rm -f "$output"/cordon*"~deb${target#debian-}"*.deb
mv "$build"/*.deb "$output/"
say "checking them"
"$here/check.sh" "$output"/cordon*"~deb${target#debian-}"*.deb
ls -1 "$output"/cordon*"~deb${target#debian-}"*.deb
