#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Run scripts/gen_regs.py in a venv with pinned generators (the only use of PyPI; maintainers only).
# usage: scripts/gen_regs.sh [--check]
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/regs-venv
pins=scripts/requirements-regs.txt
if ! cmp -s "$pins" "$venv/pins"; then
  mkdir -p build
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$pins"
  cp "$pins" "$venv/pins"
fi
exec "$venv/bin/python" scripts/gen_regs.py "$@"
