#!/usr/bin/env bash
# The action's lint: annotations at the lines of the change, and a SARIF log when a file for it is named.
# From the environment: SPECS and FLAGS, separated by white space; FAIL_ON; SARIF.
set -euo pipefail -o noglob
airgap="$(dirname "${BASH_SOURCE[0]}")/airgap.sh"
# shellcheck disable=SC2206 # They are lists.
arguments=(${FLAGS:-} -- ${SPECS:?})
if [ -n "${SARIF:-}" ]; then
  status=0
  "$airgap" lint --format sarif "${arguments[@]}" > "$SARIF" || status=$?
  # Findings are the next command's business.
  [ "$status" -le 1 ] || exit "$status"
fi
"$airgap" lint --format github --fail-on "${FAIL_ON:-warning}" "${arguments[@]}"
