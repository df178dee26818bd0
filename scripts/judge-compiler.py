#!/usr/bin/env python3
"""Compares our compiler with mpy-cross, byte for byte, and reports every file on which they differ.

    judge-compiler.py --ours COMMAND --mpy-cross PROGRAM [--keep DIR] [--level N] FILE_OR_DIR...

COMMAND is called as `COMMAND micropython OUTDIR LEVEL` with lines "path<TAB>source name" on stdin. For line n it
writes OUTDIR/n.mpy, or OUTDIR/n.err with "line L[, in SCOPE]" and "kind: message". Differing pairs are kept
in DIR. Exit code 1 if any file differs in its bytes or in being accepted; differing error texts are only listed.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile


def reference(program, path, name, output, level):
    command = [program, "-s", name, f"-O{level}", "-o", str(output), str(path)]
    try:
        run = subprocess.run(command, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None, "timeout"
    if run.returncode == 0:
        return output.read_bytes(), None
    lines = run.stderr.decode(errors="replace").strip().splitlines()
    place = next((line.split('", ', 1)[1] for line in reversed(lines) if line.startswith('  File "')), "")
    kind, _, message = (lines[-1] if lines else "?").partition(": ")
    return None, f"{place}\n{kind[:1].lower() + kind[1:]}: {message}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True)
    parser.add_argument("--mpy-cross", required=True)
    parser.add_argument("--keep")
    parser.add_argument("--level", default="0")
    parser.add_argument("--show", type=int, default=20)
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    files = []
    for path in map(pathlib.Path, options.paths):
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        lines = "".join(f"{path}\t{path.name}\n" for path in files)
        ours = subprocess.run([options.ours, "micropython", work, options.level], input=lines.encode())
        if ours.returncode:
            sys.exit(f"our compiler ended with {ours.returncode} after {len(list(work.iterdir()))} of {len(files)} files")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(reference, options.mpy_cross, path, path.name, work / f"{n}.ref", options.level)
                    for n, path in enumerate(files)]
            counts = {"same": 0, "both reject": 0, "differs": 0, "only ours": 0, "only theirs": 0, "other error": 0, "reference gave up": 0}
            for n, (path, job) in enumerate(zip(files, jobs)):
                expected, error = job.result()
                mine = work / f"{n}.mpy"
                if mine.exists():
                    text = None
                    if expected is None:
                        # mpy-cross has a heap of 2 MiB; what it cannot hold says nothing about us.
                        gave_up = "memoryError" in error or error == "timeout"
                        verdict = "reference gave up" if gave_up else "only ours"
                    else:
                        verdict = "same" if mine.read_bytes() == expected else "differs"
                else:
                    text = (work / f"{n}.err").read_text(errors="replace")
                    verdict = "only theirs" if expected else "both reject" if text == error else "other error"
                counts[verdict] += 1
                if verdict in ("same", "both reject"):
                    continue
                if counts[verdict] <= options.show:
                    detail = " | ".join(repr(item) for item in (text, error) if item)
                    print(f"{verdict}: {path} {detail}")
                if options.keep and verdict == "differs":
                    keep = pathlib.Path(options.keep)
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{n}-{path.stem}.ours.mpy").write_bytes(mine.read_bytes())
                    (keep / f"{n}-{path.stem}.reference.mpy").write_bytes(expected)
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    sys.exit(1 if counts["differs"] + counts["only ours"] + counts["only theirs"] else 0)


main()
