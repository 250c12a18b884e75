#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copy rtl/ and break it on purpose: apply tb/mutants/NAME.patch to the copy.
# usage: scripts/mutate.sh NAME FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
folder=$2
patch=tb/mutants/$name.patch

if [[ ! -f $patch ]]; then
  echo "mutate: no $patch; there are: $(cd tb/mutants && ls ./*.patch | tr '\n' ' ')" >&2
  exit 2
fi
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
cp -r rtl "$folder"
# No fuzz: when the RTL moves on, the mutant must be looked at again.
if ! patch --quiet --fuzz=0 -p2 -d "$folder" < "$patch"; then
  echo "mutate: $patch no longer fits the RTL; make it again" >&2
  exit 1
fi
