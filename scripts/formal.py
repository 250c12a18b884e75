#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proofs over the RTL: run one, list them, or print the table of the last run.

usage: scripts/formal.py list              one line a proof, as scripts/run_tests.py wants it
       scripts/formal.py prove PROOF       the proof alone
       scripts/formal.py run PROOF [BUG]   the proof, then each of its planted bugs; or only BUG
       scripts/formal.py table             what the last runs showed, as Markdown

A proof is a file tb/formal/STAGE/NAME.sv with a top module `f_NAME` and a head that says what is
proved and how; tb/formal/README.md has the details. A planted bug is a patch
tb/formal/bugs/NAME.BUG.patch: with it the proof must give a counterexample.
"""
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/formal"
PYTHON = ROOT / "build/formal-venv/bin/python"
SECONDS = 900    # For one call of a solver: only a guard against a hang.
BUG_DEPTH = 60   # Clocks in which a planted bug must show, and seconds to find it.
BUG_SECONDS = 300


class Broken(Exception):
    """The tools or the files are not as they should be; nothing was proved or disproved."""


def call(command, folder, log, seconds=SECONDS):
    """Run a tool; its output, which also goes to a file of the folder."""
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        raise Broken(f"{command[0]} took more than {seconds} s in {folder}") from late
    except FileNotFoundError as missing:
        raise Broken(f"no {command[0]}: run scripts/setup.sh formal and make formal") from missing
    text = done.stdout.decode("utf-8", "replace")
    (folder / log).write_text(text)
    if done.returncode != 0:
        last = next((x for x in text.splitlines() if "ERROR" in x), text.strip()[-200:])
        raise Broken(f"{Path(command[0]).name}: {last}; see {folder / log}")
    return text


class Proof:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        self.stage = path.parent.name
        head = []
        for line in path.read_text().splitlines():
            if not line.startswith("//"):
                break
            head.append(line[2:].strip())
        text = "\n".join(head)
        self.says = " ".join(self.field(text, "says", r"says:(.*?)(?:\n\n|\nproof:|\Z)").split())
        method = self.field(text, "proof", r"^proof: (unbounded|(?:induction|bmc) \d+)$").split()
        self.method = method[0]
        self.depth = int(method[1]) if len(method) > 1 else None
        free = re.search(r"^free: (.*?)\nsays:", text, re.MULTILINE | re.DOTALL)
        self.free = free.group(1).split() if free else []
        self.bugs = sorted((ROOT / "tb/formal/bugs").glob(self.name + ".*.patch"))

    def field(self, text, name, pattern):
        match = re.search(pattern, text, re.MULTILINE | re.DOTALL)
        if not match:
            raise Broken(f"{self.path}: the head must have a line '{name}: ...'")
        return match.group(1)

    def reach(self):
        return {"unbounded": "unbounded (PDR)", "bmc": f"{self.depth} clocks",
                "induction": f"unbounded (induction, {self.depth})"}[self.method]


def proofs():
    return [Proof(path) for path in sorted((ROOT / "tb/formal").glob("*/*.sv"))]


def prepare(proof, bug):
    """Elaborate the harness on the RTL, or on a copy with the bug; the folder with the models."""
    folder = BUILD / (proof.name if bug is None else bug.stem)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = ROOT
    if bug is not None:
        source = folder / "source"
        shutil.copytree(ROOT / "rtl", source / "rtl")
        shutil.copytree(ROOT / "tb/formal", source / "tb/formal")
        try:
            # No fuzz: when the RTL moves on, the bug must be looked at again.
            call(["patch", "--quiet", "--fuzz=0", "-p1", "-d", str(source), "-i", str(bug)], folder,
                 "patch.log")
        except Broken as misfit:
            raise Broken(f"{bug.name} no longer fits; make it again ({misfit})") from misfit
    listed = [line.strip() for line in (source / "rtl/bell.f").read_text().splitlines()]
    files = [source / "rtl" / line for line in listed if line.endswith(".sv")]
    files.append(source / proof.path.relative_to(ROOT))
    (folder / "free").write_text("\n".join(proof.free))
    (folder / "sources").write_text("\n".join(["f_" + proof.name] + [str(file) for file in files]))
    # A planted bug must break what is promised, not only what carries the induction.
    yosys(folder, "read.log", "model", *([] if bug is None else ["forget"]))
    return folder


def yosys(folder, log, what, *more):
    call([str(PYTHON), str(ROOT / "scripts/formal_yosys.py"), what, str(folder), *more], folder, log)


def search(folder, commands, log, frames=0, model="model"):
    """Let ABC decide: (True, "") when proved, (False, output number) with a counterexample. A
    bounded search that ends before so many frames proves nothing."""
    script = (f"read_aiger {model}.aig; fold; strash; {commands}; print_status; "
              f"write_cex -a {model}.aiw")
    text = call(["berkeley-abc", "-c", script], folder, log, SECONDS + 20)
    asserted = re.search(r"Output (\d+) (?:of miter .*?)?was asserted in frame (\d+)", text)
    if asserted:
        return False, int(asserted.group(2)), int(asserted.group(1))
    if "Property proved" in text or "Networks are equiv" in text:
        return True, None, None
    none = re.search(r"No output asserted in (\d+) frames", text)
    if none and (int(none.group(1)) >= frames):
        return True, None, None
    raise Broken(f"no answer of the solver within {SECONDS} s; see {folder / log}")


def label(folder, output):
    """Name of the assertion behind an output of the AIGER file."""
    names = json.loads((folder / "model.ywa").read_text())
    asserts = names.get("asserts", [])
    if output < len(asserts):
        return asserts[output][-1].lstrip("\\")
    return f"output {output}"


def waves(folder, model="model", wanted=None):
    """Replay a counterexample on the word-level netlist, in a simulator, and keep the waves: the
    waves, and the assertions that fail there, the wanted one among them."""
    yosys(folder, f"{model}.replay.log", "replay", model)
    summary = json.loads((folder / f"{model}.json").read_text())
    failed = sorted({x["path"][-1].lstrip("\\") for x in summary["assertions"]})
    if not failed or (wanted not in [None, *failed]):
        raise Broken(f"the counterexample does not hold in a replay; see {folder}")
    return folder / f"{model}.vcd", " ".join(failed)


def step(folder, depth):
    """Does the property follow from itself in the clocks before?"""
    yosys(folder, "step.log", "step", str(depth))
    return search(folder, f"bmc3 -F {depth + 1} -T {SECONDS}", "step.solve.log", depth + 1, "step")[0]


def say(word, name, why):
    print(f"{word} {name} {why}", flush=True)


def prove(proof):
    began = time.monotonic()
    folder = prepare(proof, None)
    if proof.method == "unbounded":
        proved, frame, output = search(folder, f"pdr -T {SECONDS}", "solve.log")
    else:
        proved, frame, output = search(folder, f"bmc3 -F {proof.depth + 1} -T {SECONDS}",
                                       "solve.log", proof.depth + 1)
    if proved and proof.method == "induction" and not step(folder, proof.depth):
        trace, failed = waves(folder, "step")
        say("FAIL", proof.name, f"holds for {proof.depth} clocks, but the induction step does not: "
            f"{failed}; from which state: {trace}; again: scripts/formal.sh run {proof.name}")
        return None
    took = round(time.monotonic() - began, 1)
    if proved:
        say("PASS", proof.name, f"{proof.reach()}, {took} s")
        return {"seconds": took}
    trace, failed = waves(folder, wanted=label(folder, output))
    say("FAIL", proof.name, f"{label(folder, output)} ({failed}) does not hold at clock {frame}; "
        f"waves: {trace}; again: scripts/formal.sh run {proof.name}")
    return None


def plant(proof, bug):
    """The bug must be found, no deeper than the proof looks, and its counterexample must hold in a
    replay."""
    began = time.monotonic()
    name = f"{proof.name}.finds.{bug.stem.split('.', 1)[1]}"
    folder = prepare(proof, bug)
    proved, frame, output = search(folder, f"bmc3 -F {BUG_DEPTH} -T {BUG_SECONDS}", "solve.log")
    if proved:
        say("FAIL", name, f"the planted bug does not show within {BUG_DEPTH} clocks; "
            f"again: scripts/formal.sh run {proof.name} {bug.stem.split('.', 1)[1]}")
        return None
    waves(folder, wanted=label(folder, output))
    if proof.method == "bmc" and frame > proof.depth:
        say("FAIL", name, f"the planted bug first shows at clock {frame}, and the proof ends at "
            f"clock {proof.depth}: the line 'proof:' of {proof.path.relative_to(ROOT)} must say "
            f"'bmc {frame}' or more")
        return None
    took = round(time.monotonic() - began, 1)
    say("PASS", name, f"{label(folder, output)} fails at clock {frame}, {took} s")
    return {"bug": bug.stem.split(".", 1)[1], "label": label(folder, output), "clock": frame}


def find(name):
    proof = next((p for p in proofs() if p.name == name), None)
    if proof is None:
        raise Broken(f"no proof '{name}'; there are: {' '.join(p.name for p in proofs())}")
    if not proof.bugs:
        raise Broken(f"{proof.name}: no planted bug tb/formal/bugs/{name}.*.patch")
    return proof


def kept(stem, act):
    """Do it, and keep what it showed for the table; 0 when all is as it should be."""
    path = BUILD / (stem + ".json")
    path.unlink(missing_ok=True)
    result = act()
    if result:
        path.write_text(json.dumps(result))
    return 0 if result else 1


def prove_one(name):
    proof = find(name)
    return kept(name, lambda: prove(proof))


def plant_one(name, word):
    proof = find(name)
    bug = next((bug for bug in proof.bugs if bug.stem == f"{name}.{word}"), None)
    if bug is None:
        raise Broken(f"no planted bug tb/formal/bugs/{name}.{word}.patch")
    return kept(bug.stem, lambda: plant(proof, bug))


def run(name):
    proof = find(name)
    return max([prove_one(name)] + [plant_one(name, bug.stem.split(".", 1)[1])
                                    for bug in proof.bugs])


def shown(stem):
    path = BUILD / (stem + ".json")
    return json.loads(path.read_text()) if path.exists() else None


def table():
    print("| Stage | Proof | Says | Depth | Seconds | Planted bugs, and what fails when |")
    print("|---|---|---|---|---|---|")
    for proof in proofs():
        result = shown(proof.name)
        seconds = result["seconds"] if result else "not run"
        found = [b for b in (shown(bug.stem) for bug in proof.bugs) if b]
        bugs = "; ".join(f"{b['bug']}: `{b['label']}` at clock {b['clock']}" for b in found)
        print(f"| {proof.stage} | `{proof.name}` | {proof.says} | {proof.reach()} | {seconds} "
              f"| {bugs} |")
    return 0


def main():
    words = sys.argv[1:]
    try:
        if words == ["list"]:
            for proof in proofs():
                print(f"formal/{proof.name}\tscripts/formal.py prove {proof.name}")
                for bug in proof.bugs:
                    word = bug.stem.split(".", 1)[1]
                    print(f"formal/{bug.stem}\tscripts/formal.py run {proof.name} {word}")
            return 0
        if words == ["table"]:
            return table()
        if len(words) == 2 and words[0] == "prove":
            return prove_one(words[1])
        if len(words) in (2, 3) and words[0] == "run":
            return run(words[1]) if len(words) == 2 else plant_one(words[1], words[2])
    except Broken as why:
        say("FAIL", words[1] if len(words) > 1 else "formal", str(why))
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
