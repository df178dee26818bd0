#!/usr/bin/env python3
"""The interpreter's benchmark: ten programs on circuitpyd, and on a MicroPython binary if one is given, interleaved
(peer, ours, peer) so that a busy machine hurts both. Prints ratios peer time / our time (higher is better) and their geometric mean, and
writes docs/benchmarks.md. Whole processes are timed: start and compile are part of the figure."""
import datetime
import math
import pathlib
import statistics
import subprocess
import sys
import time

ROUNDS = 7
root = pathlib.Path(__file__).resolve().parent
ours = [sys.argv[1], "run", "--float", "double", "--heap", "2M"]
peer = [sys.argv[2]] if len(sys.argv) > 2 else None


def timed(command, program):
    start = time.perf_counter()
    output = subprocess.run([*command, program], capture_output=True, check=True).stdout
    return time.perf_counter() - start, output.replace(b"\r", b"")


rows, ratios = [], []
for program in sorted((root / "programs").glob("*.py")):
    pairs, times = [], []
    for _ in range(ROUNDS):
        before = timed(peer, program) if peer else None
        mine = timed(ours, program)
        times.append(mine[0])
        if peer:
            after = timed(peer, program)
            if before[1] != mine[1]:
                sys.exit(f"{program.name}: {mine[1]!r} here, {before[1]!r} there")
            pairs.append((before[0] + after[0]) / 2 / mine[0])
    row = [program.stem, f"{statistics.median(times) * 1000:.0f} ms"]
    if peer:
        ratios.append(statistics.median(pairs))
        row.append(f"{ratios[-1]:.2f}")
    rows.append(row)
    print("\t".join(row), flush=True)
lines = ["# Benchmarks", "", f"{datetime.date.today()}, {ROUNDS} rounds, whole processes, doubles, 2 MB heap."]
if peer:
    version = subprocess.run([*peer, "-c", "import sys; print(sys.version)"], capture_output=True, text=True).stdout.strip()
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"geometric mean {mean:.2f}, least {min(ratios):.2f}")
    lines += [f"Peer: MicroPython unix port, standard variant as built by default ({version}).", "",
              "| program | time | ratio |", "| --- | --- | --- |"]
else:
    lines += ["", "| program | time |", "| --- | --- |"]
lines += ["| " + " | ".join(row) + " |" for row in rows]
if peer:
    lines += [f"| **geometric mean** | | **{mean:.2f}** |"]
(root.parent / "docs/benchmarks.md").write_text("\n".join(lines) + "\n")
