#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Install the Debian packages that a command needs and that are not there yet.
# usage: scripts/setup.sh demo|test|dev|fuzz|formal|synth
set -euo pipefail

demo=(
  "g++|compiles the simulator and the Verilated hardware"
  "gcc|compiles driver and OS model"
  "verilator|turns rtl/ into a C++ model"
  "zlib1g-dev|compressed waveform files"
  "libzydis-dev|decodes trapped stores to doorbell pages"
  "libjson-c-dev|writes timelines"
  "pkg-config|finds the libraries"
)
test=(
  "${demo[@]}"
  "libcmocka-dev|C test framework"
  "libsystemc-dev|the SystemC face of the device"
  "gcc-mingw-w64-x86-64-win32|compiles the driver for Windows"
  "python3|runs the tests and adds them up"
  "iverilog|runs the port checkers where a signal can be unknown"
  "patch|breaks a copy of the RTL on purpose, to test the tests"
)
dev=(
  "${test[@]}"
  "ccache|faster rebuilds"
  "gtkwave|shows waveforms"
  "valgrind|counts instructions for the benchmark"
  "python3-venv|register generator (PyPI, maintainers only)"
  "shellcheck|checks scripts"
)
fuzz=(
  "${demo[@]}"
  "clang|compiles with coverage for the fuzzer"
  "libclang-rt-14-dev|libFuzzer and its sanitizers"
)
formal=(
  "berkeley-abc|decides bit-level properties"
  "patch|breaks a copy of the RTL on purpose, to test the proofs"
  "python3-venv|a Yosys that reads the RTL as it is (PyPI)"
)
synth=(
  "g++|compiles what the FuseSoC core simulates"
  "make|runs what FuseSoC sets up"
  "patch|breaks a copy of the RTL on purpose, to test the checks"
  "python3-venv|Yosys, nextpnr and FuseSoC (PyPI)"
  "verilator|lints and simulates the FuseSoC core"
)

case ${1:-} in
  demo) wanted=("${demo[@]}") ;;
  test) wanted=("${test[@]}") ;;
  dev) wanted=("${dev[@]}") ;;
  fuzz) wanted=("${fuzz[@]}") ;;
  formal) wanted=("${formal[@]}") ;;
  synth) wanted=("${synth[@]}") ;;
  *) echo "setup: unknown set '${1:-}'; expected demo, test, dev, fuzz, formal or synth" >&2; exit 2 ;;
esac

missing=()
for line in "${wanted[@]}"; do
  name=${line%%|*}
  if ! dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed; then
    if (( ${#missing[@]} == 0 )); then echo "setup: these Debian packages are missing:"; fi
    printf '  %-28s %s\n' "$name" "${line#*|}"
    missing+=("$name")
  fi
done
if (( ${#missing[@]} == 0 )); then exit 0; fi

as_root=()
if (( EUID != 0 )); then
  if ! command -v sudo >/dev/null; then
    echo "setup: cannot install without root or sudo. Run as root:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q
  --no-install-recommends "${missing[@]}")
echo "setup: ${install[*]}"
# Package lists may be missing or old: look once without, then with fresh ones.
if ! "${install[@]}" >/dev/null 2>&1; then
  "${as_root[@]}" apt-get update -q
  "${install[@]}"
fi
echo "setup: done"
