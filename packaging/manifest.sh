#!/usr/bin/env bash
# Prints the bedside monitor's manifest for a target: `manifest.sh debian-13`.
# The components are the package's own, the layers that may be absent the
# target's, the channels those of the example, which the services' tests hold.
set -euo pipefail
target=${1:?usage: manifest.sh TARGET}
cd "$(dirname "$0")"
absent=$(cat "bedside-monitor/$target.absent")
components=$(cat bedside-monitor/components.yaml)
components=${components//@ALLOW_MISSING@/$absent$'\n'}
printf '%s\n' "${components//@TARGET@/$target}"
sed -n '/^channels:/,$p' ../profiles/examples/bedside-monitor.yaml
