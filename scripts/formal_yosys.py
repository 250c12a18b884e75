# SPDX-License-Identifier: MIT
"""Yosys for scripts/formal.py, as a program of its own: it ends the process when it finds an error.

usage: formal_yosys.py model FOLDER [FORGET]  FOLDER/sources (top module, then files) as model.aig;
                                              FORGET: without the assertions inv_*, and with
                                              BELL_FORMAL_BUG defined
       formal_yosys.py step FOLDER DEPTH      FOLDER/design.il as step.aig: the asserts fail in it
                                              when they do not follow from DEPTH clocks before
       formal_yosys.py replay FOLDER NAME     simulate the witness NAME.aiw of NAME.aig; NAME.vcd
"""
import json
import os
import sys
from pathlib import Path

from pyosys import libyosys

READ = """\
read_slang --threads 1 -D BELL_UNGATED {define}{free}--top {top} {files}
prep -flatten -top {top}
cutpoint -blackbox
async2sync
chformal -lower
setundef -undriven -anyseq
formalff -clk2ff -ff2anyinit -hierarchy
{forget}opt -full
dffunmap
write_rtlil design.il
"""
# Memories as flops, so that what is in them at the start is part of a witness.
MAP = """\
memory_map -formal
formalff -clk2ff -ff2anyinit -hierarchy
"""
AIGER = """\
opt -fast
opt_clean -purge
simplemap
techmap -autoproc
opt_clean
dffunmap
aigmap
write_aiger -I -B -zinit -no-startoffset -ywmap {name}.ywa {name}.aig
"""


def run(design, script):
    for line in script.splitlines():
        libyosys.run_pass(line, design)


def model(forget):
    top, *files = Path("sources").read_text().split()
    free = "".join(f"--blackboxed-module {name} " for name in Path("free").read_text().split())
    design = libyosys.Design()
    run(design, READ.format(top=top, files=" ".join(files), free=free,
                            define="-D BELL_FORMAL_BUG " if forget else "",
                            forget="chformal -assert -remove c:inv_*\n" if forget else ""))
    run(design, MAP + "write_rtlil model.il\n" + AIGER.format(name="model"))


def step(depth):
    """Any state; all asserts hold in the first DEPTH clocks; do they in the next? What is assumed
    of clock n is asked in clock n + 1, so that it does not bind the clock in question."""
    design = libyosys.Design()
    run(design, "read_rtlil design.il")
    # Values before reset, so that flops start as they like.
    run(design, "memory_map -formal\nsetattr -unset init w:*")
    run(design, "formalff -clk2ff -ff2anyinit -hierarchy")
    module = design.top_module()
    for cell in list(module.selected_cells()):
        if cell.type.str() == "$assert":
            module.addAssume(libyosys.IdString("\\step_" + cell.name.str().lstrip("\\")),
                             cell.getPort(libyosys.IdString("\\A")),
                             cell.getPort(libyosys.IdString("\\EN")))
    run(design, f"chformal -assume -delay 1 c:step_*\nchformal -assert -skip {depth}")
    run(design, "write_rtlil step.il\n" + AIGER.format(name="step"))


def witness(name):
    """The inputs that ABC found, as Yosys' simulator reads them: one signal a bit."""
    names = json.loads(Path(name + ".ywa").read_text())
    bits = sorted([(init, bit["input"], bit) for kind, init in
                   (("inputs", False), ("seqs", False), ("inits", True)) for bit in names[kind]],
                  key=lambda x: x[:2])
    always = sum(not init for init, _, _ in bits)
    lines = [line.strip() for line in Path(name + ".aiw").read_text().replace("#", "\n#")
             .splitlines()]
    frames = [line for line in lines if len(line) == names["input_count"]]
    steps = []
    for number, frame in enumerate(frames):
        values = "".join(frame[at] for _, at, _ in bits)
        steps.append({"bits": (values if number == 0 else values[:always])[::-1]})
    signals = [{"path": bit["path"], "width": 1, "offset": bit["offset"], "init_only": init}
               for init, _, bit in bits]
    Path(name + ".yw").write_text(json.dumps({
        "format": "Yosys Witness Trace", "generator": "formal_yosys.py", "clocks": names["clocks"],
        "signals": signals, "steps": steps}))
    return len(frames)


def replay(name):
    witness(name)
    design = libyosys.Design()
    run(design, f"read_rtlil {name}.il")
    top = design.top_module().name.str().lstrip("\\")
    run(design, f"sim -r {name}.yw -hdlname -x -vcd {name}.vcd -summary {name}.json {top}")


def main():
    what, folder, *rest = sys.argv[1:]
    os.chdir(folder)
    if what == "model":
        model(bool(rest))
    elif what == "step":
        step(int(rest[0]))
    else:
        replay(rest[0])


if __name__ == "__main__":
    main()
