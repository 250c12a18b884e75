#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Run scripts/gen_regs.py with pinned generators.
# usage: scripts/gen_regs.sh [--check]
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(scripts/venv.sh regs)
exec "$venv/bin/python" scripts/gen_regs.py "$@"
