# SPDX-License-Identifier: MIT
"""Logic depth by stage, from a flat netlist of 4-input LUTs (Yosys JSON).

A path starts at a flop, a pin or a block RAM and ends at one; each LUT on it is a level, and so is
the read of a distributed RAM, whose address is not registered.
"""
import json

ASYNC_RAM = {"TRELLIS_DPR16X4": ({"RAD"}, {"DO"})}


class Netlist:
    def __init__(self, path, top):
        module = json.loads(path.read_text())["modules"][top]
        self.ports = module["ports"]
        self.names = {}
        for name, net in module["netnames"].items():
            for bit, number in enumerate(net["bits"]):
                if isinstance(number, int) and (not net["hide_name"] or number not in self.names):
                    self.names[number] = name if len(net["bits"]) == 1 else f"{name}[{bit}]"
        self.driver = {}  # Net -> (inputs of its LUT).
        self.ends = []    # (name, nets that end there)
        self.sources = {} # Net -> name, of RAM outputs.
        for name, cell in module["cells"].items():
            self.add(name, cell)
        self.level = {}
        self.before = {}

    def add(self, name, cell):
        pins = cell["connections"]
        kind = cell["type"]
        if kind == "$lut":
            self.driver[pins["Y"][0]] = pins["A"]
        elif "DFF" in kind:
            data = [net for pin, nets in pins.items() if pin not in ("C", "Q") for net in nets]
            self.ends.append((self.names.get(pins["Q"][0], name), data))
        else:
            address, read = ASYNC_RAM.get(kind, (set(), set()))
            for net in (net for pin in read for net in pins[pin]):
                self.driver[net] = [net for pin in address for net in pins[pin]]
            outputs = {p for p, way in cell["port_directions"].items() if way == "output"}
            for pin in outputs - read:
                self.sources.update({net: name for net in pins[pin]})
            data = [net for pin, nets in pins.items() if pin not in outputs | address
                    for net in nets]
            self.ends.append((name, data))

    def arrival(self, net):
        """Levels before a net; without recursion, for paths can be long."""
        stack = [net]
        while stack:
            now = stack[-1]
            inputs = self.driver.get(now)
            if now in self.level or inputs is None:
                self.level.setdefault(now, 0)
                stack.pop()
                continue
            wanted = [i for i in inputs if i not in self.level]
            if wanted:
                stack.extend(wanted)
                continue
            last = max(inputs, key=lambda i: self.level[i])
            self.level[now] = self.level[last] + 1
            self.before[now] = last
            stack.pop()
        return self.level[net]

    def start(self, net):
        while net in self.before:
            net = self.before[net]
        return self.sources.get(net) or self.names.get(net, str(net))


def stage(name):
    """Instance below the top that a flop or RAM belongs to; the tool's own names count as top."""
    name = name.rsplit("\\", 1)[-1]
    parts = [p for p in name.split(".") if not p.startswith("g_") and p not in ("u_top", "u_node")]
    if name.startswith("$") or len(parts) < 2:
        return "top"
    return parts[0].removeprefix("u_")


def depths(path, top):
    """Stage -> levels, from, to; the pins are a stage."""
    netlist = Netlist(path, top)
    ends = [(stage(name), name, nets) for name, nets in netlist.ends]
    ends += [("pins", name, port["bits"]) for name, port in netlist.ports.items()
             if port["direction"] == "output"]
    found = {}
    for where, name, nets in ends:
        for net in nets:
            levels = netlist.arrival(net)
            if levels > found.get(where, {"levels": -1})["levels"]:
                found[where] = {"levels": levels, "from": netlist.start(net), "to": name}
    return found
