#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a target of rtl/belfry.core with FuseSoC, as a user of the core does.

usage: scripts/fusesoc_run.py TARGET FOLDER     lint or sim; other targets are set up only
"""
import subprocess
import sys
from pathlib import Path

CORE = "belfry:gpu:bell"


def main():
    target, folder = sys.argv[1:]
    tool = Path(sys.executable).parent / "fusesoc"
    steps = ["--build"] if target == "lint" else ["--build", "--run"] if target == "sim" else []
    return subprocess.run([tool, "--cores-root", "rtl", "run", f"--work-root={folder}",
                           f"--target={target}", "--setup", *steps, CORE], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
