#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print which tests show which requirement, from tb/plan.toml and the results of the last make test.

usage: scripts/plan.py [--missing]     --missing prints only rows without a test
Exit 1 when a tier-1 row has no passed test, or a test that the plan names did not run and pass.
"""
import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

PLAN = Path("tb/plan.toml")
RESULTS = Path("build/results/junit.xml")


def device_of(program):
    """Programs are named variant/device/test, variant/test, or rtl/stage/test."""
    parts = program.split("/")
    if parts[0] == "rtl":
        return "rtl"
    return parts[1] if len(parts) == 3 else "none"


def read_results():
    """Test name -> set of devices on which it passed; names that failed somewhere."""
    passed, failed = defaultdict(set), set()
    for suite in ElementTree.parse(RESULTS).getroot():
        for case in suite:
            name = case.get("name")
            if case.find("failure") is None:
                passed[name].add(device_of(suite.get("name")))
            else:
                failed.add(name)
    return passed, failed


def tests_of(row_id, row, passed):
    prefix = re.compile(r"(?:.*\.)?" + row_id.replace("-", "_") + r"(?:_|$)")
    found = [name for name in passed if prefix.match(name)]
    return sorted(set(found) | set(row.get("tests", [])))


def main():
    if not RESULTS.exists():
        print(f"plan: no {RESULTS}; expected a finished `make test`", file=sys.stderr)
        return 2
    rows = tomllib.loads(PLAN.read_text())
    passed, failed = read_results()
    only_missing = "--missing" in sys.argv[1:]
    problems, shown, tier_one = [], 0, 0
    for row_id, row in rows.items():
        names = tests_of(row_id, row, passed)
        for name in row.get("tests", []):
            if name not in passed:
                problems.append(f"{row_id}: test {name} did not run")
        problems += [f"{row_id}: test {name} failed" for name in names if name in failed]
        tier_one += row["tier"] == 1
        if row["tier"] == 1:
            if names:
                shown += 1
            else:
                problems.append(f"{row_id}: no test")
        if not only_missing:
            devices = sorted(set().union(*(passed[name] for name in names)) if names else set())
            print(f"{row_id:11} tier {row['tier']}  {row['who']:8} {','.join(devices) or '-':16}"
                  f" {len(names):2}  {row['source']}")
            for name in names:
                print(f"              {name}")
    for problem in problems:
        print(problem)
    print(f"{shown} of {tier_one} tier-1 rows have a passing test; {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
