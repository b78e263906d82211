#!/usr/bin/env bash
# Lays the C library out below a directory, as it is installed:
#   install.sh BUILT DESTINATION [LIBDIR]
# BUILT is where cargo left libcordon_channel_c.so and .a (target/debug, or another
# profile); LIBDIR is /usr/lib or, say, /usr/lib/x86_64-linux-gnu.
set -euo pipefail
built=${1:?usage: install.sh BUILT DESTINATION [LIBDIR]}
to=${2:?usage: install.sh BUILT DESTINATION [LIBDIR]}
libdir=${3:-/usr/lib}
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$here/../../Cargo.toml")
lib=$to$libdir
install -D -m 644 "$here/include/cordon-channel.h" "$to/usr/include/cordon-channel.h"
install -D -m 644 "$built/libcordon_channel_c.so" "$lib/libcordon-channel.so.$version"
ln -sf "libcordon-channel.so.$version" "$lib/libcordon-channel.so.0"
ln -sf libcordon-channel.so.0 "$lib/libcordon-channel.so"
install -D -m 644 "$built/libcordon_channel_c.a" "$lib/libcordon-channel.a"
mkdir -p "$lib/pkgconfig"
sed "s|@prefix@|/usr|; s|@libdir@|$libdir|; s|@version@|$version|" \
    "$here/cordon-channel.pc.in" >"$lib/pkgconfig/cordon-channel.pc"
