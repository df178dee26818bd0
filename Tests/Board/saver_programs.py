"""The programs that save: each one brings a file of the drive to a new content, as its users do.

A saver is a function (drive, name, new): the mounted folder, the file's name in it, and a file beside the drive with the new
content. `recorded(saver)` is the command under strace for Tests/Board/record_savers.py."""
import fcntl
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

from board import Failure, expect

PROGRAMS = ("cp", "mv", "cat", "tee", "dd", "touch", "vim", "nano", "emacs", "ed", "sed", "rsync", "zip", "unzip", "tar", "gio", "git",
            "strace", "find", "grep")


def require_programs():
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    expect(not missing, f"missing after `make deps`: {missing}")


class Runner:
    """Starts commands, under strace with `trace` (the file that it writes) given."""

    def __init__(self, trace=None):
        self.trace = trace

    def words(self, command):
        if not self.trace:
            return list(map(str, command))
        # Every string in hexadecimal; file descriptors with the time of each call.
        calls = ("open,openat,creat,close,dup,dup2,dup3,fcntl,write,pwrite64,writev,lseek,truncate,ftruncate,fallocate,rename,renameat,"
                 "renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,chown,fchown,lchown,"
                 "fchownat,utimensat,utimes,utime,fsync,fdatasync,copy_file_range,sendfile,chdir,fchdir,clone,clone3,fork,vfork,execve,"
                 "exit_group,exit,setxattr,fsetxattr")
        return ["strace", "-f", "-ttt", "-xx", "-s", "70000", "-o", self.trace, "-e", "trace=" + calls, *map(str, command)]

    def run(self, command, cwd, **options):
        done = subprocess.run(self.words(command), cwd=cwd, capture_output=True, timeout=60, **options)
        expect(done.returncode == 0, f"{command[0]} ended with {done.returncode}: {done.stderr[-300:]}")

    def shell(self, text, cwd):
        self.run(["sh", "-c", text], cwd)

    def in_terminal(self, command, keys, cwd):
        """Runs an editor on a pseudo-terminal; types each of `keys` once the screen has been still for the time given with it."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(cwd)
            os.environ["TERM"] = "xterm"
            words = self.words(command)
            os.execvp(words[0], words)
        fcntl.ioctl(terminal, 0x5414, b"\x18\x00\x50\x00\x00\x00\x00\x00")  # TIOCSWINSZ: 24 lines of 80 characters
        end = time.monotonic() + 60
        keys = list(keys)
        still_since = None
        while time.monotonic() < end:
            ready, _, _ = select.select([terminal], [], [], 0.02)
            if ready:
                try:
                    if not os.read(terminal, 65536):
                        break
                except OSError:
                    break
                still_since = time.monotonic()
            elif keys and still_since and time.monotonic() - still_since >= keys[0][0]:
                os.write(terminal, keys.pop(0)[1])
                still_since = time.monotonic()
        else:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            raise Failure(f"{command[0]} did not end")
        os.close(terminal)
        expect(os.waitpid(pid, 0)[1] == 0, f"{command[0]} failed")


def cp(run, drive, name, new):
    run.run(["cp", new, name], drive)


def cp_p(run, drive, name, new):
    run.run(["cp", "-p", new, name], drive)


def mv(run, drive, name, new):
    run.run(["mv", new, name], drive)


def cat(run, drive, name, new):
    run.shell(f"cat '{new}' >{name}", drive)


def tee(run, drive, name, new):
    run.shell(f"tee {name} <'{new}' >/dev/null", drive)


def dd(run, drive, name, new):
    run.run(["dd", f"if={new}", f"of={name}", "bs=1024"], drive)


def rsync(run, drive, name, new):
    run.run(["rsync", "-rtI", new, name], drive)


def rsync_inplace(run, drive, name, new):
    run.run(["rsync", "-I", "--inplace", new, name], drive)


def sed_i(run, drive, name, new):
    # Every line becomes what it is in the new file: all versions differ in six digits only.
    token = new.read_text().split("'")[1]
    run.run(["sed", "-i", f"s/'[0-9]*'/'{token}'/", name], drive)


def ed(run, drive, name, new):
    token = new.read_text().split("'")[1]
    run.run(["ed", "-s", name], drive, input=f",s/'[0-9]*'/'{token}'/\nw\nq\n".encode())


def zip_o(run, drive, name, new):
    archive = new.parent / "new.zip"
    archive.unlink(missing_ok=True)
    named = new.parent / name
    if named != new:
        shutil.copyfile(new, named)
    subprocess.run(["zip", "-q", archive, name], cwd=new.parent, check=True)
    run.run(["unzip", "-q", "-o", archive], drive)


def tar(run, drive, name, new):
    archive = new.parent / "new.tar"
    named = new.parent / name
    if named != new:
        shutil.copyfile(new, named)
    subprocess.run(["tar", "-cf", archive, name], cwd=new.parent, check=True)
    run.run(["tar", "-xf", archive, "--no-same-owner"], drive)


def gio_save(run, drive, name, new):
    run.run(["gio", "save", name], drive, input=new.read_bytes())


def git_checkout(run, drive, name, new):
    """The repository lies beside the drive, the drive is its work tree: two versions of the file, the second is checked out."""
    store = new.parent / "git"
    shutil.rmtree(store, ignore_errors=True)
    git = ["git", f"--git-dir={store}", f"--work-tree={drive}", "-c", "user.name=x", "-c", "user.email=x@y", "-c", "core.fileMode=false"]
    subprocess.run([*git, "init", "-q"], cwd=drive, check=True)
    subprocess.run([*git, "add", name], cwd=drive, check=True)
    subprocess.run([*git, "commit", "-q", "-m", "old"], cwd=drive, check=True)
    blob = subprocess.run([*git, "hash-object", "-w", new], cwd=drive, check=True, capture_output=True, text=True).stdout.strip()
    tree = subprocess.run([*git, "mktree"], input=f"100644 blob {blob}\t{name}\n", cwd=drive, check=True, capture_output=True,
                          text=True).stdout.strip()
    commit = subprocess.run([*git, "commit-tree", tree, "-m", "new"], cwd=drive, check=True, capture_output=True, text=True).stdout.strip()
    run.run([*git, "checkout", "-q", commit], drive)


def vim(run, drive, name, new):
    keys = [(0.4, f":%d|0r {new}|$d\r".encode()), (0.4, b":wq\r")]
    run.in_terminal(["vim", "-u", "NONE", "-N", name], keys, drive)


def vim_backup(run, drive, name, new):
    keys = [(0.4, b":set backup backupcopy=no backupskip=\r"), (0.3, f":%d|0r {new}|$d\r".encode()), (0.4, b":w\r"), (0.4, b":q\r")]
    run.in_terminal(["vim", "-u", "NONE", "-N", name], keys, drive)


def nano(run, drive, name, new):
    # To the end with a mark set, cut, then read the new file in (ctrl-r); ctrl-o and enter save; ctrl-x leaves.
    keys = [(0.4, b"\x1ba\x1b/\x0b"), (0.3, b"\x12" + str(new).encode() + b"\r"), (0.4, b"\x0f"), (0.3, b"\r"), (0.4, b"\x18")]
    run.in_terminal(["nano", "-I", "--nonewlines", "-B", name], keys, drive)


def emacs(run, drive, name, new):
    # Typed through a real session: visit, replace, save (ctrl-x ctrl-s), leave.
    script = f'(insert-file-contents "{new}" nil nil nil t)'
    keys = [(0.8, b"\x1b:" + script.encode() + b"\r"), (0.5, b"\x18\x13"), (0.6, b"\x18\x03")]
    run.in_terminal(["emacs", "-nw", "-q", "--no-splash", name], keys, drive)


def python(run, drive, text, name, new):
    run.run([sys.executable, "-S", "-E", "-c", "import os, sys\nname, data = sys.argv[1], open(sys.argv[2], 'rb').read()\n" + text, name, new],
            drive)


def vs_code(run, drive, name, new):
    """Visual Studio Code on Linux: open with truncation, one write, fdatasync, close."""
    python(run, drive, "fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)\n"
           "os.write(fd, data)\nos.fdatasync(fd)\nos.close(fd)", name, new)


def jetbrains(run, drive, name, new):
    """JetBrains' safe write: the new content beside it, the old one out of the way, a rename, the old one gone."""
    python(run, drive, "temporary, old = name + '___jb_tmp___', name + '___jb_old___'\n"
           "fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)\nos.write(fd, data)\nos.close(fd)\n"
           "os.rename(name, old)\nos.rename(temporary, name)\nos.unlink(old)", name, new)


def kate(run, drive, name, new):
    """QSaveFile and other atomic writers: a temporary file, fsync, rename over."""
    python(run, drive, "temporary = name + '.aBcDeF'\nfd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)\n"
           "os.write(fd, data)\nos.fsync(fd)\nos.close(fd)\nos.rename(temporary, name)", name, new)


#: By the name of the recording.
SAVERS = {
    "cp": cp, "cp-p": cp_p, "mv": mv, "cat": cat, "tee": tee, "dd": dd, "rsync": rsync, "rsync-inplace": rsync_inplace, "sed-i": sed_i,
    "ed": ed, "unzip": zip_o, "tar": tar, "gio-save": gio_save, "git-checkout": git_checkout, "vim": vim, "vim-backup": vim_backup,
    "nano": nano, "emacs": emacs, "vs-code": vs_code, "jetbrains": jetbrains, "kate": kate,
}
#: Not the programs themselves but what they do, in Python.
IMITATED = {"vs-code", "jetbrains", "kate"}
