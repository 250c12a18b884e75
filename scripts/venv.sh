#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The pinned PyPI packages of scripts/requirements-NAME.txt in a venv, made anew when the pins change.
# Prints its folder, an absolute path. Only what maintainers use comes from PyPI.
# usage: scripts/venv.sh NAME
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?usage: scripts/venv.sh NAME}
pins=scripts/requirements-$name.txt
venv=$PWD/build/$name-venv
if ! cmp -s "$pins" "$venv/pins"; then
  mkdir -p build
  /usr/bin/python3 -m venv --clear "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$pins" >&2
  cp "$pins" "$venv/pins"
fi
echo "$venv"
