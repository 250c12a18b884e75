#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run test programs, add up their cases, print one line a program and "N passed, N failed".

usage: scripts/run_tests.py LIST [PATTERN]

LIST has one program a line: name, a tab, the shell command. A program reports its cases as cmocka
XML (CMOCKA_XML_FILE) or as lines "PASS name" / "FAIL name why"; an exit code that is not 0 without a
failed case, a time-out, and a program without any case count as one failure each.
"""
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.sax.saxutils import quoteattr

# For one program, on the host clock: only a guard against a hang.
SECONDS = int(os.environ.get("BELL_TEST_SECONDS", "400"))
RESULTS = Path(os.environ.get("BELL_RESULTS", "build/results"))


class Program:
    def __init__(self, name, command):
        self.name = name
        self.command = command
        self.cases = []  # (name, failure text or None)
        self.seconds = 0.0
        self.log = RESULTS / (re.sub(r"[^\w.-]", "_", name) + ".log")

    def run(self):
        stem = self.log.with_suffix("")
        for old in RESULTS.glob(stem.name + ".cmocka-*.xml"):
            old.unlink()
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="XML",
                   CMOCKA_XML_FILE=f"{stem}.cmocka-%g.xml",
                   # A process that ends by a fault leaves what its program had on the heap.
                   ASAN_OPTIONS="detect_leaks=0")
        began = time.monotonic()
        try:
            done = subprocess.run(["bash", "-c", self.command], env=env, timeout=SECONDS,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
            output, code = done.stdout, done.returncode
        except subprocess.TimeoutExpired as late:
            output, code = late.stdout or b"", f"time-out after {SECONDS} s"
        self.seconds = time.monotonic() - began
        text = output.decode("utf-8", "replace")
        self.log.write_text(text)
        self.read_lines(text)
        self.read_xml(stem)
        if code != 0 and not self.failures():
            self.cases.append((self.name, f"exit code {code}"))
        elif not self.cases:
            self.cases.append((self.name, "reported no test case"))
        return self

    def read_lines(self, text):
        for line in text.splitlines():
            match = re.match(r"(PASS|FAIL)\s+(\S+)\s*(.*)", line)
            if match:
                word, name, why = match.groups()
                self.cases.append((name, None if word == "PASS" else why or "failed"))

    def read_xml(self, stem):
        for path in sorted(RESULTS.glob(stem.name + ".cmocka-*.xml")):
            try:
                # cmocka closes and reopens a root for every group that ran in the program.
                body = re.sub(r"<\?xml[^>]*\?>", "", path.read_text(errors="replace"))
                root = ElementTree.fromstring("<all>" + body + "</all>")
            except ElementTree.ParseError as error:
                self.cases.append((path.name, f"unreadable: {error}"))
                continue
            for case in root.iter("testcase"):
                bad = case.find("failure")
                if bad is None:
                    bad = case.find("error")
                self.cases.append((case.get("name"), None if bad is None else (bad.text or "")))

    def failures(self):
        return [(name, why) for name, why in self.cases if why is not None]

    def report(self):
        bad = self.failures()
        word = "FAIL" if bad else "pass"
        print(f"{word}  {self.name:44} {len(self.cases) - len(bad):4} of {len(self.cases):4}"
              f"  {self.seconds:6.1f} s", flush=True)
        for name, why in bad:
            print(f"      {name}: {' '.join(why.split())[:300]}")
        if bad:
            seed = os.environ.get("BELL_SEED")
            print(f"      log: {self.log}\n      again: {f'BELL_SEED={seed} ' if seed else ''}"
                  f"{self.command}", flush=True)


def write_junit(programs):
    with open(RESULTS / "junit.xml", "w", encoding="utf-8") as out:
        out.write("<testsuites>\n")
        for program in programs:
            out.write(f"<testsuite name={quoteattr(program.name)} tests=\"{len(program.cases)}\""
                      f" failures=\"{len(program.failures())}\">\n")
            for name, why in program.cases:
                out.write(f"<testcase classname={quoteattr(program.name)} name={quoteattr(name)}")
                out.write("/>\n" if why is None else
                          f"><failure message={quoteattr(why)}/></testcase>\n")
            out.write("</testsuite>\n")
        out.write("</testsuites>\n")


def main():
    listing = Path(sys.argv[1]).read_text().splitlines()
    pattern = sys.argv[2] if len(sys.argv) > 2 else ""
    programs = [Program(*line.split("\t", 1)) for line in listing if line and pattern in line]
    RESULTS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done in pool.map(Program.run, programs):
            done.report()
    write_junit(programs)
    failed = sum(len(program.failures()) for program in programs)
    passed = sum(len(program.cases) for program in programs) - failed
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
