"""The interpreter against MicroPython's: whole processes are timed, so start and compile are part of the figure."""
import math
import statistics
import subprocess
import sys
import time

ROUNDS = 7


def timed(command, program):
    start = time.perf_counter()
    output = subprocess.run([*command, program], capture_output=True, check=True).stdout
    return time.perf_counter() - start, output.replace(b"\r", b"")


def measure_programs(binary, peer, folder):
    ours = [binary, "run", "--float", "double", "--heap", "2M"]
    rows, ratios = [], []
    for program in sorted(folder.glob("*.py")):
        pairs, times = [], []
        for _ in range(ROUNDS):
            before = timed([peer], program) if peer else None
            mine = timed(ours, program)
            times.append(mine[0])
            if peer:
                after = timed([peer], program)
                if before[1] != mine[1]:
                    sys.exit(f"{program.name}: {mine[1]!r} here, {before[1]!r} there")
                pairs.append((before[0] + after[0]) / 2 / mine[0])
        row = [program.stem, f"{statistics.median(times) * 1000:.0f} ms"]
        if peer:
            ratios.append(statistics.median(pairs))
            row.append(f"{ratios[-1]:.2f}")
        rows.append(row)
    lines = ["## Interpreter", "", f"{ROUNDS} rounds, doubles, 2 MB heap, medians."]
    if peer:
        version = subprocess.run([peer, "-c", "import sys; print(sys.version)"], capture_output=True, text=True).stdout.strip()
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        lines += [f"Peer: MicroPython's unix port, standard variant as built by default ({version}). Ratio: its time over ours.",
                  "", "| program | time | ratio |", "| --- | --- | --- |"]
        rows += [["**geometric mean**", "", f"**{mean:.2f}**"], ["least", "", f"{min(ratios):.2f}"]]
    else:
        lines += ["", "| program | time |", "| --- | --- |"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
