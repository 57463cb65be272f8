#!/usr/bin/env bash
# The build step of the action. Environment: SPECS and FLAGS (whitespace-separated), CONFIG (a file, or empty), BUNDLE.
set -euo pipefail -o noglob
airgap="$(dirname "${BASH_SOURCE[0]}")/airgap.sh"
# shellcheck disable=SC2206 # Word splitting is intended.
arguments=(${CONFIG:+"--config=$CONFIG"} ${FLAGS:-} -- ${SPECS:?})
"$airgap" build --output "${BUNDLE:?}" "${arguments[@]}"
