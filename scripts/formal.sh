#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Proofs over the RTL. Front-end: a pinned Yosys from PyPI in a venv, which reads rtl/ as it is;
# solvers: Debian packages.
# usage: scripts/formal.sh [PATTERN]         every proof (whose name contains PATTERN), then a table
#        scripts/formal.sh run PROOF [BUG]   one proof, or one planted bug
#        scripts/formal.sh setup             only install and print the list for run_tests.py
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh formal >&2
scripts/venv.sh formal >/dev/null
case ${1:-} in
  run) exec scripts/formal.py "$@" ;;
  setup) exec scripts/formal.py list ;;
esac
scripts/formal.py list >build/formal.list
status=0
scripts/run_tests.py build/formal.list ${1:+"$1"} | tee build/formal.out || status=$?
scripts/formal.py table | tee build/formal.md
tail -1 build/formal.out
exit "$status"
