#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generate registers and formats (SystemVerilog, C) from rtl/regs/*.rdl.

  gen_regs.py           write the generated files
  gen_regs.py --check   write nothing; exit 1 and say what differs when a byte would change

Needs the packages pinned in scripts/requirements-regs.txt; `make regs` sets up a venv for them.
Exit codes: 0 done or no drift, 1 drift or an error in a source, 2 wrong usage or missing packages.
"""

import argparse
import difflib
import importlib.metadata
import pathlib
import re
import sys
import tempfile

try:
    from peakrdl_regblock import RegblockExporter
    from peakrdl_regblock.cpuif.axi4lite import AXI4Lite_Cpuif_flattened
    from peakrdl_regblock.udps import ALL_UDPS
    from systemrdl import RDLCompileError, RDLCompiler
    from systemrdl.node import AddrmapNode, RegfileNode, RegNode
except ImportError as error:
    sys.exit(f"gen_regs.py: {error}; run `make regs`, or `pip install -r "
             "scripts/requirements-regs.txt` in a venv and use its python")

ROOT = pathlib.Path(__file__).resolve().parent.parent
REGS = ROOT / "rtl" / "regs"
GEN = REGS / "gen"
INCLUDE = ROOT / "driver" / "include"
PACKAGES = ("systemrdl-compiler", "peakrdl-regblock")
STRUCT_NAMES = {"CONTROL": "bell_ring_control", "ENTRY": "bell_ring_entry",
                "PACKET": "bell_packet"}


# ---------------------------------------------------------------------------------- model

def elaborate(source):
    compiler = RDLCompiler()
    for udp in ALL_UDPS:
        compiler.register_udp(udp)
    compiler.compile_file(str(source))
    return compiler.elaborate().top


def named_registers(node, prefix=(), index=None):
    """Yield (name parts, RegNode, array RegfileNode or None) in address order.

    An external block that only wraps an array, or is none, lends no name of its own.
    """
    for child in node.children(unroll=False):
        if isinstance(child, RegNode):
            yield prefix + (child.inst_name,), child, index
        elif isinstance(child, RegfileNode):
            wraps = [c for c in child.children(unroll=False) if isinstance(c, RegfileNode)]
            plain = wraps or (child.external and not child.is_array)
            name = prefix if plain else prefix + (child.inst_name,)
            yield from named_registers(child, name, child if child.is_array else index)


def arrays_of(top):
    """Arrays of register files, in address order."""
    arrays = [array for _, _, array in named_registers(top) if array is not None]
    return [a for i, a in enumerate(arrays) if i == 0 or a.inst_name != arrays[i - 1].inst_name]


def first_address(node):
    """Address of a node, of element 0 when it is or is inside an array."""
    address = 0
    while not isinstance(node, AddrmapNode):
        address += node.raw_address_offset
        node = node.parent
    return address


def enums_of(*tops):
    """Every enumeration that a field encodes, in order of first use."""
    found = {}
    for top in tops:
        for _, reg, _ in named_registers(top):
            for field in reg.fields():
                encode = field.get_property("encode")
                if encode is not None:
                    found.setdefault(encode.type_name, encode)
    return list(found.values())


def stem(encode):
    """bell_queue_cmd_e -> queue_cmd"""
    return re.sub(r"^bell_|_e$", "", encode.type_name)


def camel(*names):
    return "".join(w.capitalize() for n in names for w in n.split("_"))


def mask(field):
    return ((1 << field.width) - 1) << field.low


def made_by(comment, sources):
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in PACKAGES)
    return (f"{comment} Generated from {sources} by scripts/gen_regs.py: do not edit.\n"
            f"{comment} {versions}\n")


def sentence(text):
    return re.sub(r"\s+", " ", text or "").strip()


# ------------------------------------------------------------------------- SystemVerilog

def balanced(text):
    """Readback as one case: a chain of ifs would be as deep in logic as it is long."""
    arm = re.compile(r"^( +)if\(rd_mux_addr == (19'h[0-9a-f]+)\) begin\n(.*?)^\1end\n",
                     re.MULTILINE | re.DOTALL)
    arms = list(arm.finditer(text))
    if not arms:
        return text
    pad = arms[0].group(1)
    body = "".join(f"{pad}{m.group(2)}: begin\n{m.group(3)}{pad}end\n" for m in arms)
    return (text[:arms[0].start()] + f"{pad}case(rd_mux_addr)\n{body}{pad}default: ;\n"
            + f"{pad}endcase\n" + text[arms[-1].end():])


def regblock(top):
    """The two files of PeakRDL, in the subset that Verilator and Yosys both take."""
    with tempfile.TemporaryDirectory() as out:
        RegblockExporter().export(
            top, out, cpuif_cls=AXI4Lite_Cpuif_flattened, module_name="bell_regs",
            package_name="bell_regs_pkg", reuse_hwif_typedefs=False, err_if_bad_addr=True,
            err_if_bad_rw=True, default_reset_activelow=True, default_reset_async=True)
        texts = {p.name: p.read_text() for p in pathlib.Path(out).iterdir()}
    head = "// SPDX-License-Identifier: MIT\n" + made_by("//", "rtl/regs/bell.rdl") + "//\n"
    for name, text in texts.items():
        text = text.replace("struct {", "struct packed {").replace("automatic ", "")
        texts[name] = head + "\n".join(line.rstrip() for line in balanced(text).split("\n"))
    return texts


def package_fields(name, reg):
    return "".join(f"  localparam int unsigned {name}{camel(field.inst_name)}Lsb = {field.low};\n"
                   f"  localparam int unsigned {name}{camel(field.inst_name)}Msb = {field.high};\n"
                   for field in reg.fields())


def blocks_of(top):
    """External register files that are no arrays and wrap none, in address order."""
    return [c for c in top.children(unroll=False) if isinstance(c, RegfileNode)
            and not any(isinstance(g, RegfileNode) for g in c.children(unroll=False))]


def package_resets(name, reg):
    return "".join(f"  localparam logic [63:0] {name}{camel(field.inst_name)}Reset"
                   f" = 64'd{int(field.get_property('reset'))};\n"
                   for field in reg.fields() if field.get_property("reset"))


def package_array(array):
    """Where register files are, and which words of an element take what access."""
    name = camel(array.inst_name)
    stride = array.array_stride if array.is_array else 1 << (array.size - 1).bit_length()
    words = stride // 8
    regs = list(array.registers())
    read = sum(1 << r.raw_address_offset // 8 for r in regs if r.has_sw_readable)
    write = sum(1 << r.raw_address_offset // 8 for r in regs if r.has_sw_writable)
    out = [f"\n  // BAR0: {sentence(array.get_property('name'))}. Masks: bit n is word n.\n",
           f"  localparam int unsigned {name}First = {first_address(array)};\n",
           f"  localparam int unsigned {name}Stride = {stride};\n",
           f"  localparam int unsigned {name}Max ="
           f" {array.array_dimensions[0] if array.is_array else 1};\n",
           f"  localparam logic [{words - 1}:0] {name}ReadMask = {words}'d{read};\n",
           f"  localparam logic [{words - 1}:0] {name}WriteMask = {words}'d{write};\n"]
    for reg in regs:
        part = name + camel(reg.inst_name)
        out.append(f"  localparam int unsigned {part}Offset = {reg.raw_address_offset};\n")
        out.append(package_fields(part, reg) + package_resets(part, reg))
    return "".join(out)


def bar2_offset(block, formats):
    """Where a block of doorbells starts in BAR2: its distance from the first of them."""
    first = next(b for b in formats.children(unroll=False) if b.is_array)
    return first_address(block) - first_address(first)


def formats_package(regs, formats):
    out = ["// SPDX-License-Identifier: MIT\n", made_by("//", "rtl/regs/*.rdl"),
           "//\n// Codes, and where the fields of words in host memory are.\n\n",
           "package bell_formats_pkg;\n"]
    for encode in enums_of(regs, formats):
        width = 8
        out.append(f"\n  // {encode.type_name}\n")
        for member in encode:
            out.append(f"  localparam logic [{width - 1}:0] {camel(stem(encode), member.name)}"
                       f" = {width}'d{member.value};\n")
    out += [package_array(array) for array in blocks_of(regs) + arrays_of(regs)]
    for block in formats.children(unroll=False):
        out.append(f"\n  // {sentence(block.get_property('name'))}\n")
        size = block.array_stride if block.is_array else block.size
        out.append(f"  localparam int unsigned {camel(block.inst_name)}Bytes = {size};\n")
        if block.is_array:
            out.append(f"  localparam int unsigned {camel(block.inst_name)}First"
                       f" = {bar2_offset(block, formats)};\n")
        for reg in block.registers():
            name = camel(block.inst_name, reg.inst_name)
            out.append(f"  localparam int unsigned {name}Offset = {reg.raw_address_offset};\n"
                       f"  localparam int unsigned {name}Bytes = {reg.size};\n")
            out.append(package_fields(name, reg))
    out.append("\nendpackage : bell_formats_pkg\n")
    return "".join(out)


# ------------------------------------------------------------------------------------- C

def c_head(guard, sources, brief):
    return (f"/* SPDX-License-Identifier: MIT */\n/*\n{made_by(' *', sources)} *\n{brief} */\n"
            f"#ifndef {guard}\n#define {guard}\n\n#include <stdint.h>\n")


def c_comment(text):
    text = sentence(text)
    if len(text) + 6 <= 100:
        return f"/* {text} */\n" if text else ""
    lines, line = [], "/*"
    for word in text.split():
        if len(line) + 1 + len(word) > 97:
            lines.append(line)
            line = " *"
        line += " " + word
    return "\n".join(lines + [line]) + " */\n"


def c_enum(encode):
    upper = "BELL_" + stem(encode).upper()
    pad = max(len(m.name) for m in encode)
    out = [f"\nenum bell_{stem(encode)} {{\n"]
    for member in encode:
        line = f"    {upper}_{member.name.ljust(pad)} = {member.value},"
        note = f"/* {sentence(member.rdl_desc)} */"
        fits = len(line) + 1 + len(note) <= 100
        out.append(f"{line} {note}\n" if fits else f"    {note}\n{line}\n")
    return "".join(out + ["};\n"])


def c_fields(base, reg):
    out = []
    for field in reg.fields():
        name = f"{base}_{field.inst_name}"
        out.append(c_comment(field.get_property("desc")))
        out.append(f"#define   {name}_SHIFT {field.low}\n"
                   f"#define   {name}_MASK UINT64_C({mask(field):#018x})\n")
        reset = field.get_property("reset")
        if reset:
            out.append(f"#define   {name}_RESET UINT64_C({int(reset):#x})\n")
    return "".join(out)


def c_register(parts, reg, array, offset):
    base = "BELL_" + "_".join(parts)
    out = ["\n", c_comment(reg.get_property("desc"))]
    if array is None:
        out.append(f"#define {base}_OFFSET UINT32_C({offset:#x})\n")
    else:
        var = parts[0].lower()
        out.append(f"#define {base}_OFFSET({var}) "
                   f"(UINT32_C({offset:#x}) + (uint32_t)({var}) * BELL_{parts[0]}_STRIDE)\n")
    return "".join(out) + c_fields(base, reg)


def regs_header(regs):
    brief = (" * BAR0. Offsets and strides are bytes. A _MASK is in place: (value & MASK) >> SHIFT"
             " is the field.\n * Every register takes aligned 64-bit accesses only.\n")
    out = [c_head("BELL_REGS_H", "rtl/regs/bell.rdl", brief),
           "\n/* Field of a register value; name without _MASK, e.g. BELL_CAPS_SLOTS. */\n",
           "#define BELL_FIELD_GET(value, name) (((uint64_t)(value) & name##_MASK) >>"
           " name##_SHIFT)\n",
           "/* A register value with only this field set. Bits beyond the field are cut off. */\n",
           "#define BELL_FIELD_PUT(name, field) (((uint64_t)(field) << name##_SHIFT) &"
           " name##_MASK)\n"]
    out += [c_enum(e) for e in enums_of(regs)]
    strides = set()
    for parts, reg, array in named_registers(regs):
        if array is not None and parts[0] not in strides:
            strides.add(parts[0])
            out.append(f"\n{c_comment(array.get_property('desc'))}"
                       f"#define BELL_{parts[0]}_STRIDE UINT32_C({array.array_stride:#x})\n"
                       f"#define BELL_{parts[0]}_MAX {array.array_dimensions[0]}u\n")
        out.append(c_register(parts, reg, array, first_address(reg)))
    return "".join(out) + f"\n#define BELL_REGS_BYTES UINT32_C({regs.size:#x})\n\n#endif\n"


def c_struct(block):
    if block.inst_name not in STRUCT_NAMES:
        return ""
    name = STRUCT_NAMES[block.inst_name]
    out = [f"\n{c_comment(block.get_property('name'))}struct {name} {{\n"]
    out += [f"    uint64_t {reg.inst_name.lower()};\n" for reg in block.registers()]
    return "".join(out + ["};\n"])


def formats_header(formats):
    brief = (" * Layouts in memory that hardware and software share; the doorbells of BAR2."
             "\n * Little endian. Offsets and sizes are bytes; a _MASK is in place.\n")
    out = [c_head("BELL_FORMATS_H", "rtl/regs/bell_formats.rdl", brief)]
    out += [c_enum(e) for e in enums_of(formats)]
    for block in formats.children(unroll=False):
        upper = "BELL_" + block.inst_name
        out.append(c_struct(block) or f"\n{c_comment(block.get_property('name'))}")
        size = block.array_stride if block.is_array else block.size
        out.append(f"\n#define {upper}_BYTES {size}u\n")
        if block.is_array:
            out.append(f"#define {upper}_FIRST UINT32_C({bar2_offset(block, formats):#x})\n")
        for reg in block.registers():
            base = f"{upper}_{reg.inst_name}"
            offset = reg.raw_address_offset
            out.append(f"#define {base}_OFFSET {offset}u\n" + c_fields(base, reg))
    return "".join(out) + "\n#endif\n"


# ------------------------------------------------------------------------------------ run

def generate():
    regs = elaborate(REGS / "bell.rdl")
    formats = elaborate(REGS / "bell_formats.rdl")
    files = {GEN / name: text for name, text in regblock(regs).items()}
    files[GEN / "bell_formats_pkg.sv"] = formats_package(regs, formats)
    files[INCLUDE / "bell_regs.h"] = regs_header(regs)
    files[INCLUDE / "bell_formats.h"] = formats_header(formats)
    return files


def check(files):
    drift = 0
    for path, text in sorted(files.items()):
        name = path.relative_to(ROOT)
        old = path.read_text() if path.exists() else ""
        if old == text:
            continue
        drift = 1
        lines = list(difflib.unified_diff(old.splitlines(), text.splitlines(), f"{name} (in tree)",
                                          f"{name} (regenerated)", lineterm="", n=0))
        print(f"gen_regs.py: {name} is not what its source says"
              f" ({len(lines) - 2} changed lines); run `make regs`")
        print("\n".join(lines[:12]))
    return drift


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 on drift")
    args = parser.parse_args()
    try:
        files = generate()
    except RDLCompileError:
        return 1  # The compiler has printed file, line and reason.
    if args.check:
        return check(files)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
