"""Saves: each one gives exactly one reload, whoever saves and however slowly, and no program ever sees half of one."""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

import saver_programs
import saver_recordings
from board import OUTPUT, Board, expect
from saver_content import FILES, content

#: After this much silence no further reload is to be expected: longer than the longest quiet time of the policy, 250 ms.
SETTLED_SECONDS = 0.45
#: Two saves this far apart have nothing to do with one another: the policy's echo window is 300 ms from the reload on.
APART_SECONDS = 0.35
#: Boards at the same time. Most of a case is waiting.
BOARDS = 4
#: A replay's factor on the gaps between a saver's steps; 0 leaves them out. "real" is the program itself.
SPEEDS = {"real": None, "recorded": 1, "10x slower": 10, "100x slower": 100, "no gaps": 0}
SAVED = re.compile(OUTPUT + r"\r?\nsaved (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)\r?\n")


class Matrix:
    """Savers by speeds on several boards; `rows[saver][speed]` says what was seen."""

    def __init__(self, context, savers, speeds):
        self.context = context
        self.cases = collections.deque((saver, speed) for saver in savers for speed in speeds if self.exists(saver, speed))
        self.rows = collections.defaultdict(dict)
        self.causes = collections.defaultdict(set)
        self.failures = []
        self.lock = threading.Lock()
        self.tokens = iter(range(100001, 999999))

    @staticmethod
    def exists(saver, speed):
        return speed == "real" or saver in saver_recordings.recordings()

    def run(self):
        threads = [threading.Thread(target=self.work) for _ in range(BOARDS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self

    def take(self):
        with self.lock:
            return self.cases.popleft() if self.cases else None

    def token(self):
        with self.lock:
            return str(next(self.tokens))

    def work(self):
        try:
            with Board(self.context) as board, tempfile.TemporaryDirectory() as folder:
                new = pathlib.Path(folder)
                present = {}
                for name in FILES:
                    present[name] = self.token()
                    board.run_save(content(name, present[name]).decode(), name)
                while case := self.take():
                    self.check(board, new, present, *case)
        except Exception as error:
            with self.lock:
                self.failures.append(f"board: {error}")

    def check(self, board, folder, present, saver, speed):
        """Saves the helper, then the program: each is one reload, after which the program shows the versions that were saved."""
        reloads = []
        torn = 0
        for name in FILES:
            time.sleep(APART_SECONDS)
            token = self.token()
            data = content(name, token)
            before, runs, notes = len(board.log()), board.runs(), len(board.notes())
            wanted = {**present, name: token}
            expected = [wanted["code.py"]] * 3 + [wanted["helper.py"]] * 3
            try:
                self.save(board, folder, name, data, saver, speed)
                expect((board.drive / name).read_bytes() == data, "the file is not what was saved")
                board.wait(lambda: [list(match) for match in SAVED.findall(board.log()[before:])][-1:] == [expected],
                           f"the run of {name} {token}", 20)
            except Exception as error:
                self.fail(saver, speed, f"{error}; {board.log()[before:][-300:]!r}; {board.notes()[notes:]!r}")
                board.save(data.decode(), name)
            present[name] = token
            time.sleep(SETTLED_SECONDS)
            log = board.log()[before:]
            reloads.append(board.runs() - runs)
            # Each run must show three equal versions of either file, and nothing torn in between.
            bad = log.count("torn") + log.count("Error") + log.count(OUTPUT) - len(SAVED.findall(log))
            bad += sum(len(set(match[:3])) > 1 or len(set(match[3:])) > 1 for match in SAVED.findall(log))
            torn += bad
            if reloads[-1] != 1 or bad:
                self.fail(saver, speed, f"{name}: {reloads[-1]} reloads, {bad} torn; {log[-400:]!r}; {board.notes()[notes:]!r}")
            with self.lock:
                self.causes[saver].update(re.findall(r"reload: (.*)", board.notes()[notes:]))
            # What backups the saver left is no matter of the next one.
            for rest in board.drive.iterdir():
                if rest.name.startswith(name) and rest.name != name:
                    rest.unlink()
        with self.lock:
            self.rows[saver][speed] = (max(reloads, key=lambda count: abs(count - 1)), torn)

    def save(self, board, folder, name, data, saver, speed):
        if speed != "real":
            return saver_recordings.replay(saver_recordings.recordings()[saver], board.drive, name, data, SPEEDS[speed])
        new = folder / name
        new.write_bytes(data)
        saver_programs.SAVERS[saver](saver_programs.Runner(), board.drive, name, new)

    def fail(self, saver, speed, text):
        with self.lock:
            self.failures.append(f"{saver}, {speed}: {text}")

    def table(self):
        """Markdown: reloads a save, and torn imports where there were any."""
        lines = ["| saver | " + " | ".join(SPEEDS) + " | cause in the daemon's log |", "| --- " * (len(SPEEDS) + 2) + "|"]
        for saver, row in sorted(self.rows.items()):
            cells = [f"{row[speed][0]}" + (f", {row[speed][1]} torn" if row[speed][1] else "") if speed in row else "–" for speed in SPEEDS]
            causes = sorted(cause for cause in self.causes[saver] if cause.startswith("code.py"))
            shown = saver + (" (imitated)" if saver in saver_programs.IMITATED else "")
            lines.append(f"| {shown} | " + " | ".join(cells) + " | " + ", ".join(causes) + " |")
        return "\n".join(lines) + "\n"


def test_savers_by_speeds(context):
    saver_programs.require_programs()
    missing = set(saver_programs.SAVERS) - set(saver_recordings.recordings())
    expect(not missing, f"no recording of {missing}: make record-savers")
    start = time.monotonic()
    matrix = Matrix(context, saver_programs.SAVERS, SPEEDS).run()
    print(matrix.table(), end="")
    if context.savers_table:
        write_page(context.savers_table, matrix, time.monotonic() - start)
    expect(not matrix.failures, "\n     ".join(matrix.failures))
    return f"{len(matrix.rows)} savers at {len(SPEEDS)} speeds: one reload each, nothing torn"


def write_page(path, matrix, seconds):
    page = pathlib.Path(path)
    text = page.read_text()
    begin, end = "<!-- table: make savers -->\n", "<!-- end of table -->"
    cases = sum(len(row) for row in matrix.rows.values())
    table = f"{begin}{matrix.table()}\n{cases} cases of two saves each, {BOARDS} boards at a time, {seconds:.0f} s.\n{end}"
    page.write_text(text[:text.index(begin)] + table + text[text.index(end) + len(end):])


def running(board):
    """A board whose program imports the helper over and over."""
    for name in FILES:
        board.run_save(content(name, "100000").decode(), name)
    board.wait_for("saved 100000 100000 100000 100000 100000 100000")
    time.sleep(SETTLED_SECONDS)


def test_no_reload_without_a_save(context):
    """Readers, indexers, version control's look, backups, swap files, changes of mode and owner."""
    saver_programs.require_programs()
    with Board(context) as board:
        running(board)
        drive = board.drive
        for path in ("lib/a.py", "lib/b.py", "data.txt"):
            (drive / path).write_text("x\n")
        subprocess.run(["git", "init", "-q"], cwd=drive, check=True)
        subprocess.run(["git", "add", "."], cwd=drive, check=True)
        time.sleep(SETTLED_SECONDS)
        runs = board.runs()

        def harmless(what, *command):
            subprocess.run(command, cwd=drive, check=True, capture_output=True)
            time.sleep(SETTLED_SECONDS)
            expect(board.runs() == runs, f"{what}: {board.runs() - runs} reloads; {board.notes()[-500:]}")

        harmless("reading", "sh", "-c", "cat code.py helper.py lib/*.py")
        harmless("find", "find", ".", "-type", "f", "-newer", "code.py")
        harmless("grep", "grep", "-r", "import", ".")
        harmless("listing", "ls", "-laR", ".")
        harmless("copying from it", "cp", "-r", ".", tempfile.mkdtemp(dir=board.folder))
        harmless("git status", "git", "status", "--short")
        harmless("git commit", "git", "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x")
        harmless("chmod", "chmod", "644", "code.py")
        harmless("chmod read-only and back", "sh", "-c", "chmod 444 helper.py; chmod 644 helper.py")
        harmless("chown to the owner", "chown", f"{os.getuid()}:{os.getgid()}", "code.py")
        harmless("a backup", "cp", "code.py", "code.py~")
        harmless("a swap file", "sh", "-c", "echo x >.code.py.swp; echo y >>.code.py.swp; rm .code.py.swp")
        harmless("its removal", "rm", "code.py~")
        harmless("opening for writing", "sh", "-c", ": >>code.py")
        subprocess.run(["touch", "code.py"], cwd=drive, check=True)
        board.wait(lambda: board.runs() > runs, "touch to reload")
        time.sleep(SETTLED_SECONDS)
        expect(board.runs() == runs + 1, f"touch: {board.runs() - runs} reloads")
        expect("reload: code.py (touched, 1 operation)" in board.notes(), board.notes()[-300:])


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
        expect("and 59 more (created" in board.notes(), board.notes()[-300:])


def test_imports_during_a_slow_rewrite_are_whole(context):
    """A writer that rewrites the helper in place with pauses of 400 ms, while the program imports it hundreds of times a second."""
    with Board(context) as board:
        running(board)
        before, runs = len(board.log()), board.runs()
        data = content("helper.py", "100001")
        with open(board.drive / "helper.py", "r+b", buffering=0) as file:
            for start in range(0, len(data), 1600):
                file.write(data[start:start + 1600])
                time.sleep(0.4)
        board.wait_for("saved 100000 100000 100000 100001 100001 100001", after=before)
        with open(board.drive / "helper.py", "wb", buffering=0) as file:
            time.sleep(0.4)
            file.write(data[:3000])
            time.sleep(0.4)
            file.write(data[3000:])
            time.sleep(0.4)
        board.wait(lambda: board.runs() == runs + 2, "the second reload")
        time.sleep(SETTLED_SECONDS)
        log = board.log()[before:]
        expect("torn" not in log and "Error" not in log, log[-600:])
        expect(board.runs() - runs == 2, f"{board.runs() - runs} reloads")
        expect("rewritten" in board.notes(), board.notes())
        # And the name may go for a while and come back.
        runs = board.runs()
        os.rename(board.drive / "helper.py", board.drive / "helper.py~")
        time.sleep(0.1)
        with open(board.drive / "helper.py", "wb", buffering=0) as file:
            time.sleep(0.4)
            file.write(data)
            time.sleep(0.1)
        board.wait(lambda: board.runs() == runs + 1, "the third reload")
        log = board.log()[before:]
        expect("torn" not in log and "Error" not in log, log[-600:])


def test_policy_board_shows_the_torn_file(context):
    with Board(context, "--reload", "board") as board:
        running_source = "import time\nwhile True:\n    print('size', len(open('/data.txt').read()))\n    time.sleep(0.02)\n"
        (board.drive / "data.txt").write_text("x" * 1000)
        board.run_code(running_source, "size 1000", 15)
        # Policy board stops the program at the first write; what it read is the file as it was at that moment.
        with open(board.drive / "data.txt", "r+b", buffering=0) as file:
            file.truncate(10)
            seen = board.command("status", board.drive)
            time.sleep(0.9)
            expect(file.seek(0, 2) == 10, seen)
            board.wait(lambda: board.log().rstrip().endswith("size 10"), "the torn file", 15)
