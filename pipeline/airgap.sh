#!/usr/bin/env bash
# Runs airgap from a checkout of this repository, in the caller's working directory. Builds it on the first run.
set -euo pipefail
home="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [ ! -e "$home/packages/cli/dist/main.js" ]; then
  (cd "$home" && CI=true npx --yes pnpm@10.34.8 run build) >&2
fi
exec node "$home/packages/cli/bin/airgap.js" "$@"
