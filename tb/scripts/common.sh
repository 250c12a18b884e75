# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For script tests: one line "PASS name" or "FAIL name why" a case; `finish` at the end.
set -uo pipefail
unset CMOCKA_MESSAGE_OUTPUT CMOCKA_XML_FILE # What runs inside a case reports to the case.
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
belfry=$PWD/build/release/bin/belfry
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1 ${*:2}"; failed=1; }
finish() { exit "$failed"; }

# expect_exit NAME CODE TEXT COMMAND...: exit code and a part of the output must match.
expect_exit() {
  local name=$1 code=$2 text=$3 out got
  shift 3
  out=$(timeout "${BELL_CASE_SECONDS:-120}" "$@" 2>&1)
  got=$?
  if (( got != code )); then
    fail "$name" "exit $got, expected $code: $(tail -3 <<<"$out" | tr '\n' ' ')"
  elif [[ $out != *"$text"* ]]; then
    fail "$name" "output lacks '$text': $(tail -3 <<<"$out" | tr '\n' ' ')"
  else
    pass "$name"
  fi
}
