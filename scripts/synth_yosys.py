#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a Yosys script inside the library of the package pyosys, which has no program of its own.

usage: synth_yosys.py SCRIPT     one command a line; what Yosys says goes to stdout

Besides the commands of Yosys there is `map_luts`: logic to 4-input LUTs, as few levels as the mapper
finds. Flops are put out of its sight, or it would map the logic of each clock enable by itself,
which takes ten times as long and leaves paths that cross from one to the next as they are.
"""
import json
import os
import sys
import tempfile
import time

from pyosys import libyosys

LOOK = "strash;dch,-f;if,-K,4;"
MAP = f"abc -lut 4 -script +{LOOK}{LOOK}{LOOK}mfs2"


def cell_types(design):
    with tempfile.NamedTemporaryFile("r", suffix=".json") as out:
        libyosys.run_pass(f"tee -q -o {out.name} stat -json", design)
        return json.load(out)["design"]["num_cells_by_type"]


def map_luts(design):
    flops = [kind for kind in cell_types(design) if "DFF" in kind or "DLATCH" in kind]
    for kind in flops:
        libyosys.run_pass(f"chtype -set \\held{kind} t:{kind}", design)
    libyosys.run_pass(MAP, design)
    for kind in flops:
        libyosys.run_pass(f"chtype -set {kind} t:held{kind}", design)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    design = libyosys.Design()
    with open(sys.argv[1], encoding="utf-8") as script:
        commands = [line.strip() for line in script if line.strip()]
    for command in commands:
        began = time.monotonic()
        if command == "map_luts":
            map_luts(design)
        else:
            libyosys.run_pass(command, design)
        os.write(1, f"-- {time.monotonic() - began:.1f} s: {command[:60]}\n".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
