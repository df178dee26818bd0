"""Images without a mount: what `circuitpyd flash` shows, checks and copies."""
import json
import os
import pathlib
import subprocess
import tempfile

from board import Board, expect


def flash(context, *words, fails=False):
    run = subprocess.run([context.binary, "flash", *map(str, words)], capture_output=True, text=True, timeout=60)
    expect((run.returncode != 0) == fails, f"flash {words}: {run.returncode} {run.stdout!r} {run.stderr!r}")
    return run.stderr if fails else run.stdout


def test_info_and_check_of_a_mounted_board(context):
    with Board(context) as board:
        board.wait_for("Code done running")
        (board.drive / "data.txt").write_text("x" * 5000)
        facts = json.loads(flash(context, "info", board.drive, "--json"))
        expect(facts["usedByPID"] and facts["label"] == "CIRCUITPY", facts)
        expect("clean" in flash(context, "check", board.drive), "check")
        with tempfile.TemporaryDirectory() as folder:
            flash(context, "export", board.drive, folder + "/out")
            expect(pathlib.Path(folder, "out/data.txt").read_text() == "x" * 5000, "exported content")
        refused = flash(context, "recover", board.drive, fails=True)
        expect("in use by pid" in refused and refused.count("\n") == 1, refused)
        return facts["state"]


def test_import_export_repair(context):
    with tempfile.TemporaryDirectory() as folder:
        source, image = pathlib.Path(folder, "source"), pathlib.Path(folder, "a.img")
        (source / "lib").mkdir(parents=True)
        (source / "code.py").write_text("print(1)\n")
        (source / "lib" / "grün name.mpy").write_bytes(os.urandom(30000))
        os.utime(source / "code.py", (1700000000, 1700000000))
        flash(context, "import", source, image, "--size", "256K")
        flash(context, "export", image, folder + "/out")
        expect(subprocess.run(["diff", "-r", source, folder + "/out"]).returncode == 0, "differs")
        expect(os.stat(folder + "/out/code.py").st_mtime == 1700000000, "time")
        # All or nothing: what does not fit changes nothing.
        before = image.read_bytes()
        (source / "big").write_bytes(b"1" * 300000)
        expect("no room for /big" in flash(context, "import", source, image, fails=True), "room")
        expect(image.read_bytes() == before, "changed")
        (source / "big").unlink()
        os.symlink("code.py", source / "link")
        expect("FAT cannot hold it" in flash(context, "import", source, image, fails=True), "link")
        # A lost chain: cluster 200 ends and belongs to nobody.
        damaged = bytearray(before)
        damaged[512 + 300:512 + 303] = b"\xff\x0f\x00"
        image.write_bytes(damaged)
        run = subprocess.run([context.binary, "flash", "check", image], capture_output=True, text=True)
        expect(run.returncode == 1 and run.stdout, f"{run}")
        expect(image.read_bytes() == damaged, "check wrote")
        expect("clean" in flash(context, "check", image, "--repair"), "repair")
        expect("clean" in flash(context, "check", image), "after repair")
        return run.stdout.strip()


def test_errors_are_one_line(context):
    with tempfile.TemporaryDirectory() as folder:
        missing = flash(context, "info", folder + "/none.img", fails=True)
        expect(missing == f"circuitpyd: no image at {folder}/none.img; check the path\n", missing)
        path = pathlib.Path(folder, "text.img")
        path.write_text("no image\n" * 1000)
        other = flash(context, "check", path, fails=True)
        expect(" is not a flash image: " in other and other.count("\n") == 1, other)
        source = pathlib.Path(folder, "source")
        source.mkdir()
        flash(context, "import", source, folder + "/a.img", "--size", "64K")
        full = flash(context, "export", folder + "/a.img", "--raw", "/proc/none.img", fails=True)
        expect(full.startswith("circuitpyd: cannot write /proc/none.img") and full.count("\n") == 1, full)
        return missing.strip()
