#!/usr/bin/env bash
# Lets systemd read the units in a tree, as the device bedside-monitor has them, and
# says how exposed they are: `verify-units.sh TREE`.
set -euo pipefail
tree=${1:?usage: verify-units.sh TREE}
for unit in cordon@bedside-monitor.service cordon-policy@bedside-monitor.service; do
    # --root finds units and programs in the tree; what it lacks of a whole system
    # (targets of systemd's own) is no fault of these units.
    said=$(systemd-analyze verify --root "$tree" --man=no "$unit" 2>&1 || true)
    said=$(grep -v -e 'not found' -e 'Failed to add dependency' <<<"$said" || true)
    [ -z "$said" ] || { echo "$said" >&2; exit 1; }
done
