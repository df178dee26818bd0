"""Real programs that save: each save gives exactly one reload, and never a torn file."""
import os
import pathlib
import pty
import select
import shutil
import subprocess
import tempfile
import time

from board import Board, Failure, expect

PROGRAMS = ("cp", "mv", "rsync", "vim", "nano", "sed", "cat")
#: After this much silence no further reload is to be expected: the longest quiet time of the policy, three times over.
SETTLED_SECONDS = 0.75


def in_terminal(command, keys, cwd):
    """Runs an editor on a pseudo-terminal and types `keys`: (seconds to wait before, bytes)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    end = time.monotonic() + 20
    keys = list(keys)
    due = time.monotonic() + keys[0][0]
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.02)
        if ready:
            try:
                if not os.read(terminal, 65536):
                    break
            except OSError:
                break
        if keys and time.monotonic() >= due:
            os.write(terminal, keys.pop(0)[1])
            due = time.monotonic() + (keys[0][0] if keys else 0)
    else:
        os.kill(pid, 9)
        raise Failure(f"{command[0]} did not end")
    os.close(terminal)
    return os.waitpid(pid, 0)[1]


def by_cp(board, new):
    subprocess.run(["cp", new, board.drive / "code.py"], check=True)


def by_cp_p(board, new):
    subprocess.run(["cp", "-p", new, board.drive / "code.py"], check=True)


def by_mv(board, new):
    subprocess.run(["mv", new, board.drive / "code.py"], check=True)


def by_rsync(board, new):
    subprocess.run(["rsync", "-t", new, board.drive / "code.py"], check=True)


def by_rsync_inplace(board, new):
    subprocess.run(["rsync", "--inplace", new, board.drive / "code.py"], check=True)


def by_cat(board, new):
    subprocess.run(f"cat '{new}' > '{board.drive}/code.py'", shell=True, check=True)


def by_sed(board, new):
    word = new.read_text().split("'")[1]
    subprocess.run(["sed", "-i", f"s/'[^']*'/'{word}'/", board.drive / "code.py"], check=True)


def by_rename_over(board, new):
    beside = board.drive / "code.py.new"
    shutil.copyfile(new, beside)
    os.replace(beside, board.drive / "code.py")


def by_vim(board, new):
    line = new.read_text().strip()
    keys = [(1.0, b"ggdG"), (0.2, b"i" + line.encode() + b"\x1b"), (0.3, b":wq\r")]
    expect(in_terminal(["vim", "-u", "NONE", "-N", "code.py"], keys, board.drive) == 0, "vim failed")


def by_vim_with_backup(board, new):
    line = new.read_text().strip()
    keys = [(1.0, b":set backup backupcopy=no\r"), (0.2, b"ggdGi" + line.encode() + b"\x1b"), (0.3, b":w\r"), (0.5, b":q\r")]
    expect(in_terminal(["vim", "-u", "NONE", "-N", "code.py"], keys, board.drive) == 0, "vim failed")


def by_nano(board, new):
    line = new.read_text().strip()
    # ctrl-k cuts the old line; ctrl-o and enter save; ctrl-x leaves.
    keys = [(1.0, b"\x0b" + line.encode()), (0.3, b"\x0f"), (0.2, b"\r"), (0.3, b"\x18")]
    expect(in_terminal(["nano", "-I", "code.py"], keys, board.drive) == 0, "nano failed")


SAVERS = [by_cp, by_cp_p, by_mv, by_rsync, by_rsync_inplace, by_cat, by_sed, by_rename_over, by_vim,
          by_vim_with_backup, by_nano]


def test_each_save_is_one_reload(context):
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    expect(not missing, f"missing after `make deps`: {missing}")
    driven = []
    with Board(context) as board:
        board.run_code("print('first save')\n", "Code done running")
        for saver in SAVERS:
            time.sleep(SETTLED_SECONDS)
            word = saver.__name__ + " saved"
            with tempfile.TemporaryDirectory() as work:
                new = pathlib.Path(work) / "code.py"
                new.write_text(f"print('{word}')\n")
                before, runs = len(board.log()), board.runs()
                saver(board, new)
                board.wait_for(word + "\n", after=before)
                time.sleep(SETTLED_SECONDS)
            expect(board.runs() - runs == 1, f"{saver.__name__}: {board.runs() - runs} reloads; {board.notes()[-800:]}")
            expect("Error" not in board.log()[before:], f"{saver.__name__}: {board.log()[before:]}")
            driven.append(saver.__name__[3:])
    return "one reload each: " + ", ".join(driven)


def test_no_reload_without_a_save(context):
    with Board(context) as board:
        board.run_code("print('first save')\n", "Code done running")
        time.sleep(SETTLED_SECONDS)
        runs = board.runs()
        (board.drive / "code.py").read_text()
        os.chmod(board.drive / "code.py", 0o644)
        (board.drive / ".code.py.swp").write_text("swap")
        (board.drive / "code.py~").write_text("backup")
        subprocess.run(["ls", "-laR", board.drive], check=True, capture_output=True)
        time.sleep(SETTLED_SECONDS)
        expect(board.runs() == runs, f"{board.runs() - runs} reloads; {board.notes()[-500:]}")


def test_many_library_files_are_one_reload(context):
    with Board(context) as board, tempfile.TemporaryDirectory() as work:
        source = pathlib.Path(work) / "package"
        source.mkdir()
        for i in range(60):
            (source / f"module{i}.py").write_text(f"value = {i}\n" * 40)
        board.run_code("print('first save')\n", "Code done running")
        time.sleep(SETTLED_SECONDS)
        runs = board.runs()
        subprocess.run(["cp", "-r", source, board.drive / "lib/package"], check=True)
        board.wait(lambda: board.runs() > runs, "a reload")
        time.sleep(SETTLED_SECONDS)
        expect(board.runs() - runs == 1, f"{board.runs() - runs} reloads")
