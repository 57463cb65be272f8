#!/usr/bin/env bash
# The action's build. From the environment: SPECS and FLAGS, separated by white space; BUNDLE.
set -euo pipefail -o noglob
airgap="$(dirname "${BASH_SOURCE[0]}")/airgap.sh"
# shellcheck disable=SC2206 # They are lists.
arguments=(${FLAGS:-} -- ${SPECS:?})
"$airgap" build --output "${BUNDLE:?}" "${arguments[@]}"
