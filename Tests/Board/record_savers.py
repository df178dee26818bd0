#!/usr/bin/env python3
"""Records what real savers do to a mounted drive into Tests/Board/savers/ (`make record-savers`).

    Tests/Board/record_savers.py CIRCUITPYD [SAVER…]

strace of the saver, not a trace in the daemon: the daemon needs no hidden option for it, and what comes out can be done again as it is."""
import argparse
import pathlib
import tempfile
import time

import board
import saver_content
import saver_programs
import saver_recordings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("binary", type=pathlib.Path)
parser.add_argument("savers", nargs="*")
context = parser.parse_args()
context.binary = context.binary.resolve()
saver_programs.require_programs()
saver_recordings.FOLDER.mkdir(exist_ok=True)
with board.Board(context) as mounted, tempfile.TemporaryDirectory() as work:
    for number, name in enumerate(context.savers or saver_programs.SAVERS):
        target = mounted.drive / saver_recordings.RECORDED_NAME
        target.write_bytes(saver_content.content("helper.py", "100000"))
        wanted = saver_content.content("helper.py", f"{200000 + number}")
        new = pathlib.Path(work) / "new" / target.name
        new.parent.mkdir(exist_ok=True)
        new.write_bytes(wanted)
        time.sleep(0.5)
        trace = pathlib.Path(work) / "trace"
        saver_programs.SAVERS[name](saver_programs.Runner(trace), mounted.drive, target.name, new)
        board.expect(target.read_bytes() == wanted, f"{name} did not save: {target.read_bytes()[:200]}")
        lines = saver_recordings.Trace(mounted.drive, wanted).read(trace.read_text())
        (saver_recordings.FOLDER / f"{name}.txt").write_text(f"# {name}: {len(lines)} calls\n" + "\n".join(lines) + "\n")
        print(f"{name}: {len(lines)} calls", flush=True)
        for rest in mounted.drive.iterdir():
            if rest.name.startswith(target.name) and rest != target:
                rest.unlink()
