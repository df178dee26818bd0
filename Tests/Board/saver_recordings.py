"""Recordings of what savers do to the drive: made from strace's account, stored as small text files, done again at any speed.

A line of a recording is one system call that succeeded: microseconds since the one before, what was done, to what.
    120 open 1 WRONLY|CREAT|TRUNC code.py       1 names the open file from here on
     95 write 1 new 0 6400                      6400 bytes of the new content from byte 0 on; `other`: of no matter which content
    101 close 1
Names are relative to the drive; `code.py` stands for the saved file, `code.py~` for its backup, and so on."""
import os
import pathlib
import re
import time

FOLDER = pathlib.Path(__file__).parent / "savers"
RECORDED_NAME = "code.py"
#: A longer pause is the user's (typing, thinking), not the saver's: it has no part in the speed.
LONGEST_SAVER_GAP_SECONDS = 0.05
#: The longest gap that a replay makes: a step of a save that takes longer than the policy's long quiet time (250 ms) is, by the
#: policy's promise, a save of its own.
LONGEST_REPLAYED_GAP_SECONDS = 0.15
#: How long a replay waits where the user did.
USER_GAP_SECONDS = 0.02


# MARK: recording

class Process:
    """What a traced process has open."""

    def __init__(self, folder, files=None, closing=None):
        self.folder = folder
        self.files = files if files is not None else {}
        self.closing = closing if closing is not None else set()


class Trace:
    """Reads strace's output (of saver_programs.Runner) into lines of a recording."""
    LINE = re.compile(r"^(\d+)\s+(\d+\.\d+) (\w+)\((.*)\)\s+= (-?\d+|\?)")

    def __init__(self, drive, new):
        self.drive = os.path.realpath(drive)
        self.new = new
        self.processes = {}
        self.references = {}
        self.handles = 0
        self.positions = {}
        self.lines = []
        self.last = None

    def read(self, text):
        started = {}
        for line in text.splitlines():
            pid = line.split(" ", 1)[0]
            if "<unfinished ...>" in line:
                started[pid] = line.split("<unfinished ...>")[0]
                continue
            resumed = re.match(r"^\d+\s+\d+\.\d+ <\.\.\. \w+ resumed>(.*)$", line)
            if resumed:
                line = started.pop(pid) + resumed.group(1).lstrip()
            match = self.LINE.match(line)
            if match:
                self.call(int(match[1]), float(match[2]), match[3], match[4], match[5])
        return self.lines

    def process(self, pid):
        return self.processes.setdefault(pid, Process(self.drive))

    def emit(self, when, text):
        gap = 0 if self.last is None else max(0, round((when - self.last) * 1e6))
        self.last = when
        self.lines.append(f"{gap} {text}")

    def path(self, process, at, name):
        """The name relative to the drive; None when it lies outside."""
        name = os.fsdecode(name)
        folder = process.folder if at == "AT_FDCWD" else process.files.get(int(at), (None, self.drive))[1]
        full = os.path.normpath(os.path.join(folder, name))
        return os.path.relpath(full, self.drive) if full.startswith(self.drive + "/") else None

    def drop(self, when, process, descriptor):
        handle = process.files.pop(descriptor, (None, None))[0]
        process.closing.discard(descriptor)
        if handle is None:
            return
        self.references[handle] -= 1
        if self.references[handle] == 0:
            self.emit(when, f"close {handle}")

    def copy(self, when, process, source, target, closes):
        if source == target:
            return
        self.drop(when, process, target)
        if source in process.files:
            process.files[target] = process.files[source]
            handle = process.files[source][0]
            if handle is not None:
                self.references[handle] += 1
            if closes:
                process.closing.add(target)

    def call(self, pid, when, name, arguments, result):
        process = self.process(pid)
        if name in ("exit_group", "exit"):
            if name == "exit_group":
                for descriptor in list(process.files):
                    self.drop(when, process, descriptor)
            return
        if result == "?" or int(result) < 0:
            return
        result = int(result)
        strings = [bytes.fromhex(s.replace("\\x", "")) for s in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', arguments)]
        words = [word.strip() for word in re.sub(r'"(?:\\x[0-9a-f]{2})*"', "S", arguments).split(",")]
        if name in ("clone", "clone3", "fork", "vfork"):
            if "CLONE_FILES" in arguments:
                self.processes[result] = process
            else:
                child = self.processes[result] = Process(process.folder, dict(process.files), set(process.closing))
                for handle, _ in child.files.values():
                    if handle is not None:
                        self.references[handle] += 1
        elif name == "execve":
            for descriptor in list(process.closing):
                self.drop(when, process, descriptor)
        elif name == "chdir":
            process.folder = os.path.normpath(os.path.join(process.folder, os.fsdecode(strings[0])))
        elif name == "fchdir":
            process.folder = process.files.get(int(words[0]), (None, process.folder))[1]
        elif name in ("open", "openat", "creat"):
            at = words[0] if name == "openat" else "AT_FDCWD"
            flags = "O_WRONLY|O_CREAT|O_TRUNC" if name == "creat" else words[2 if name == "openat" else 1]
            path = self.path(process, at, strings[0])
            full = os.path.normpath(os.path.join(process.folder, os.fsdecode(strings[0])))
            self.drop(when, process, result)
            handle = None
            if path is not None and "O_DIRECTORY" not in flags and not os.path.isdir(full):
                self.handles += 1
                handle = self.handles
                self.references[handle] = 1
                kept = [f[2:] for f in flags.split("|") if f in ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND")]
                self.emit(when, f"open {handle} {'|'.join(kept)} {path}")
            process.files[result] = (handle, full)
            if "O_CLOEXEC" in flags:
                process.closing.add(result)
        elif name == "close":
            self.drop(when, process, int(words[0]))
        elif name == "dup":
            self.copy(when, process, int(words[0]), result, False)
        elif name in ("dup2", "dup3"):
            self.copy(when, process, int(words[0]), result, "O_CLOEXEC" in arguments)
        elif name == "fcntl":
            if words[1].startswith("F_DUPFD"):
                self.copy(when, process, int(words[0]), result, words[1] == "F_DUPFD_CLOEXEC")
            elif words[1] == "F_SETFD":
                (process.closing.add if "FD_CLOEXEC" in words[2] else process.closing.discard)(int(words[0]))
        elif name in ("write", "pwrite64", "writev", "ftruncate", "fallocate", "lseek", "fsync", "fdatasync", "fchmod", "copy_file_range",
                      "sendfile"):
            target = words[2] if name == "copy_file_range" else words[0]
            handle = process.files.get(int(target), (None, None))[0]
            if handle is not None:
                self.change(when, name, handle, words, strings, result)
        elif name == "utimensat" and not strings:
            handle = process.files.get(int(words[0]), (None, None))[0]
            if handle is not None:
                self.emit(when, f"times {handle}")
        elif strings:
            ats = [word for word in words if word == "AT_FDCWD" or word.isdigit()] if name.endswith("at") or name.endswith("at2") else []
            paths = [self.path(process, ats[i] if i < len(ats) else "AT_FDCWD", s) for i, s in enumerate(strings[:2])]
            self.change_name(when, name, paths, words)

    def change(self, when, name, handle, words, strings, result):
        if name in ("write", "pwrite64", "writev"):
            data = b"".join(strings)[:result]
            place = int(words[-1]) if name == "pwrite64" else self.positions.get(handle, 0)
            self.positions[handle] = place + len(data)
            if self.new[place:place + len(data)] != data:
                place = self.new.find(data)
            where = f"new {place} {len(data)}" if place >= 0 else f"other 0 {result}"
            self.emit(when, f"write {handle} {where}" + (f" at {words[-1]}" if name == "pwrite64" else ""))
        elif name in ("copy_file_range", "sendfile"):
            if result > 0:
                self.emit(when, f"write {handle} new 0 {result}")
        elif name == "ftruncate":
            self.emit(when, f"size {handle} {words[1]}")
        elif name == "fallocate":
            self.emit(when, f"allocate {handle} {words[2]} {words[3]}")
        elif name == "lseek":
            self.positions[handle] = result
            self.emit(when, f"seek {handle} {result}")
        elif name == "fchmod":
            self.emit(when, f"mode {handle} {words[1]}")
        else:
            self.emit(when, f"sync {handle}")

    def change_name(self, when, name, paths, words):
        if name.startswith("rename"):
            if None not in paths:
                self.emit(when, f"rename {paths[0]} {paths[1]}")
        elif paths[0] is None:
            return
        elif name == "unlinkat" and "AT_REMOVEDIR" in words or name == "rmdir":
            self.emit(when, f"rmdir {paths[0]}")
        elif name.startswith("unlink"):
            self.emit(when, f"unlink {paths[0]}")
        elif name.startswith("mkdir"):
            self.emit(when, f"mkdir {paths[0]}")
        elif name == "truncate":
            self.emit(when, f"size_of {paths[0]} {words[1]}")
        elif name in ("chmod", "fchmodat"):
            self.emit(when, f"mode_of {paths[0]} {[word for word in words if re.fullmatch('0[0-7]+', word)][0]}")
        elif name in ("utimensat", "utimes", "utime"):
            self.emit(when, f"times_of {paths[0]}")


# MARK: replaying

def recordings():
    return {path.stem: path for path in sorted(FOLDER.glob("*.txt"))}


def steps(path):
    """(gap in seconds, words) of each line."""
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            gap, *words = line.split(" ")
            yield int(gap) / 1e6, words


def gap_seconds(recorded, slower):
    """How long to wait: `slower` 0 leaves every gap out."""
    if slower == 0:
        return 0
    if recorded > LONGEST_SAVER_GAP_SECONDS:
        return USER_GAP_SECONDS
    return min(recorded * slower, LONGEST_REPLAYED_GAP_SECONDS)


def replay(path, drive, name, new, slower):
    """Does to `name` what the recording's saver did to its file, with every gap `slower` times as long."""
    files = {}

    def named(text):
        return str(drive / text.replace(RECORDED_NAME, name))

    for gap, (what, *rest) in steps(path):
        wait = gap_seconds(gap, slower)
        if wait:
            time.sleep(wait)
        if what == "open":
            flags = 0
            for flag in rest[1].split("|"):
                flags |= getattr(os, "O_" + flag)
            files[rest[0]] = os.open(named(rest[2]), flags, 0o644)
        elif what == "write":
            start, count = int(rest[2]), int(rest[3])
            data = new[start:start + count] if rest[1] == "new" else b"o" * count
            if len(rest) > 4:
                os.pwrite(files[rest[0]], data, int(rest[5]))
            else:
                os.write(files[rest[0]], data)
        elif what == "seek":
            os.lseek(files[rest[0]], int(rest[1]), os.SEEK_SET)
        elif what == "size":
            os.ftruncate(files[rest[0]], int(rest[1]))
        elif what == "size_of":
            os.truncate(named(rest[0]), int(rest[1]))
        elif what == "allocate":
            os.posix_fallocate(files[rest[0]], int(rest[1]), int(rest[2]))
        elif what == "sync":
            os.fsync(files[rest[0]])
        elif what == "mode":
            os.fchmod(files[rest[0]], int(rest[1], 8))
        elif what == "mode_of":
            os.chmod(named(rest[0]), int(rest[1], 8))
        elif what == "times":
            os.utime(files[rest[0]])
        elif what == "times_of":
            os.utime(named(rest[0]))
        elif what == "close":
            os.close(files.pop(rest[0]))
        elif what == "rename":
            os.rename(named(rest[0]), named(rest[1]))
        elif what == "unlink":
            os.unlink(named(rest[0]))
        elif what == "mkdir":
            os.mkdir(named(rest[0]))
        elif what == "rmdir":
            os.rmdir(named(rest[0]))
        else:
            raise ValueError(f"{path.name}: {what}")
    for descriptor in files.values():
        os.close(descriptor)
