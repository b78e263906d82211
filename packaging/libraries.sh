#!/usr/bin/env bash
# Prints the Rust libraries the shipped programs are linked from, with version and
# licence, and then each licence text once, with the libraries it comes from.
set -euo pipefail
cd "$(dirname "$0")/.."
sources=$(echo "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/)
list=$(cargo tree --locked --offline --edges normal --prefix none --format '{p}|{l}' \
    -p cordon-launcher -p cordon-vitals-display -p cordon-network-service |
    sed 's/ (\*)$//; s/ (proc-macro)//' | grep -v '(/' | sort -u)
echo "Libraries that the programs of this package are linked from:"
echo
sed 's/^\([^ ]*\) v\([^|]*\)|/  \1 \2: /' <<<"$list"
declare -A texts names
while IFS='|' read -r package _; do
    name=${package% v*} version=${package##* v}
    for directory in $sources; do
        for file in "$directory$name-$version"/{LICENSE,LICENCE,COPYING,COPYRIGHT,NOTICE}*; do
            [ -f "$file" ] || continue
            sum=$(sha256sum <"$file")
            texts[$sum]=$file
            names[$sum]="${names[$sum]:-} $name"
        done
    done
done <<<"$list"
# In the order of who has them, which is the same on every machine.
for sum in "${!texts[@]}"; do echo "${names[$sum]}|$sum"; done | sort |
    while IFS='|' read -r who sum; do
        printf '\n%s\n%s\n\n' "$(printf '=%.0s' {1..72})" "Of:$who" | fold -s -w 78
        cat "${texts[$sum]}"
    done
