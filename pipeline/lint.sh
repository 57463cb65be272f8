#!/usr/bin/env bash
# The lint step of the action: annotates the lines of the change, and writes a SARIF log if SARIF names a file.
# Environment: SPECS and FLAGS (whitespace-separated), CONFIG (a file, or empty), FAIL_ON, SARIF.
set -euo pipefail -o noglob
airgap="$(dirname "${BASH_SOURCE[0]}")/airgap.sh"
# shellcheck disable=SC2206 # Word splitting is intended.
arguments=(${CONFIG:+"--config=$CONFIG"} ${FLAGS:-} -- ${SPECS:?})
if [ -n "${SARIF:-}" ]; then
  status=0
  "$airgap" lint --format sarif "${arguments[@]}" > "$SARIF" || status=$?
  # The next command reports the findings.
  [ "$status" -le 1 ] || exit "$status"
fi
"$airgap" lint --format github --fail-on "${FAIL_ON:-warning}" "${arguments[@]}"
