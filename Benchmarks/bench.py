#!/usr/bin/env python3
"""The benchmarks: bench.py CIRCUITPYD [MICROPYTHON]

Interpreter: ten programs on circuitpyd and, if one is given, on a MicroPython binary, interleaved (peer, ours, peer) so that a busy
machine hurts both. Board: save to first output, start to first output. Results go to stdout and to docs/benchmarks.md. The drive's speed
is drive.py's. Timings never fail anything; differing output does."""
import datetime
import pathlib
import sys

from boards import measure_saves, measure_start
from interpreter import measure_programs

root = pathlib.Path(__file__).resolve().parent
binary = pathlib.Path(sys.argv[1]).resolve()
peer = sys.argv[2] if len(sys.argv) > 2 else None

lines = ["# Benchmarks", "", f"Written by `make bench` on {datetime.date.today()}. Ratios compare two runs on the same machine at the same time."]
for section in (lambda: measure_programs(binary, peer, root / "programs"), lambda: measure_saves(binary),
                lambda: measure_start(binary)):
    made = section()
    print("\n".join(made), flush=True)
    lines += [""] + made
(root.parent / "docs/benchmarks.md").write_text("\n".join(lines) + "\n")
