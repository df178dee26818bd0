# args: --heap 1M --virtual-time
# A block device's code may do anything while a file system works on it.
import gc
import os
import storage
import sys


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except BaseException as e:
        print(repr(e))


hook = [None]


class Disk:
    def __init__(self, blocks):
        self.data = bytearray(blocks * 512)

    def ioctl(self, op, arg):
        return len(self.data) // 512 if op == 4 else None

    def readblocks(self, n, buf):
        if hook[0]:
            hook[0]()
        buf[:] = self.data[n * 512:n * 512 + len(buf)]

    def writeblocks(self, n, buf):
        if hook[0]:
            hook[0]()
        self.data[n * 512:n * 512 + len(buf)] = buf


def fresh(blocks=100):
    disk = Disk(blocks)
    storage.VfsFat.mkfs(disk)
    vfs = storage.VfsFat(disk)
    with vfs.open("a.txt", "w") as f:
        f.write("x" * 3000)
    with vfs.open("mod.py", "w") as f:
        f.write("print('loaded')\n")
    storage.mount(vfs, "/sd")
    return disk, vfs


os.mkdir("/sd")

# It unmounts its file system, and nothing else refers to that.
disk, vfs = fresh()
calls = []


def leave():
    if not calls:
        calls.append(1)
        storage.umount("/sd")
        globals()["vfs"] = globals()["disk"] = None
        hook[0] = None
    gc.collect()


hook[0] = leave
with open("/sd/a.txt") as f:
    print(len(f.read()), calls)  # expect: 3000 [1]

# It closes the file that is being read.
disk, vfs = fresh()
f = open("/sd/a.txt", "rb")
f.read(1)


def close():
    f.close()
    gc.collect()


hook[0] = close
buffer = bytearray(3000)
error(f.readinto, buffer)  # expect: OSError(22,)
hook[0] = None
error(f.read, 1)  # expect: OSError(22,)

# It changes the buffer that is read into, or written from.
storage.umount("/sd")
vfs = storage.VfsFat(disk)
storage.mount(vfs, "/sd")
f = open("/sd/a.txt", "r+b")


def shrink():
    global buffer
    buffer[10:] = b""
    gc.collect()


hook[0] = shrink
error(f.readinto, buffer)  # expect: 10
buffer = bytearray(b"y" * 2000)
f.seek(0)
error(f.write, buffer)  # expect: 2000
hook[0] = None
f.seek(0)
print(f.read() == b"y" * 2000 + b"x" * 1000)  # expect: True
f.close()

# It asks for what stands on itself.
results = set()


def ask():
    for name in ("statvfs", "stat", "listdir", "mkdir"):
        try:
            getattr(os, name)("/sd")
        except OSError as e:
            results.add((name, e.args[0]))
    for call in (lambda: vfs.label, lambda: setattr(vfs, "label", "X"), lambda: storage.remount("/sd", True), lambda: os.sync()):
        try:
            call()
        except OSError as e:
            results.add(e.args[0])
    results.add(vfs.readonly)
    gc.collect()


hook[0] = ask
os.mkdir("/sd/folder")
hook[0] = None
# expect: [('listdir', 16), ('mkdir', 16), ('stat', 16), ('statvfs', 16)] True True
print(sorted(r for r in results if isinstance(r, tuple)), 16 in results, "folder" in os.listdir("/sd"))
storage.remount("/sd", False)

# What it raises reaches whoever imports.
def fail():
    raise ZeroDivisionError


sys.path.append("/sd")
hook[0] = fail
error(__import__, "mod")  # expect: ZeroDivisionError()
error(open, "/sd/other.txt", "w")  # expect: ZeroDivisionError()
hook[0] = None
import mod  # expect: loaded

# Buffers that it makes shorter, and answers of the wrong kind.
class Short(Disk):
    def readblocks(self, n, buf):
        buf[:] = b""


class Wrong(Disk):
    def ioctl(self, op, arg):
        return "many"


error(storage.VfsFat, Short(100))  # expect: OSError(5,)
error(storage.VfsFat, Wrong(100))  # expect: TypeError("can't convert str to int",)


# A file system in a file of another one.
class InFile:
    def __init__(self, file, blocks):
        self.file = file
        self.blocks = blocks

    def count(self):
        return self.blocks

    def readblocks(self, n, buf):
        self.file.seek(n * 512)
        self.file.readinto(buf)

    def writeblocks(self, n, buf):
        self.file.seek(n * 512)
        self.file.write(buf)


with open("/sd/image", "wb") as f:
    f.write(bytes(50 * 512))
image = open("/sd/image", "r+b")
inner = InFile(image, 50)
storage.VfsFat.mkfs(inner)
nested = storage.VfsFat(inner)
with nested.open("deep.txt", "w") as f:
    f.write("deep down")
gc.collect()
with storage.VfsFat(inner).open("deep.txt", "r") as f:
    print(f.read())  # expect: deep down
image.close()
error(nested.stat, "deep.txt")  # expect: (32768, 0, 0, 0, 0, 0, 9, 946684800, 946684800, 946684800)
error(storage.VfsFat, inner)  # expect: OSError(22,)
storage.umount("/sd")
os.rmdir("/sd")
