# args: --heap 2M
import gc
import os
import storage


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except BaseException as e:
        print(repr(e), str(e) or '-')


class Disk:
    """The older protocol: count instead of ioctl."""

    def __init__(self, blocks):
        self.data = bytearray(blocks * 512)
        self.failing = None

    def count(self):
        return len(self.data) // 512

    def readblocks(self, n, buf):
        if self.failing == "read":
            raise ValueError("read %d" % n)
        buf[:] = self.data[n * 512:n * 512 + len(buf)]

    def writeblocks(self, n, buf):
        if self.failing == "write":
            raise KeyboardInterrupt
        self.data[n * 512:n * 512 + len(buf)] = buf


class ReadOnly:
    def __init__(self, data):
        self.data = data

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // 512

    def readblocks(self, n, buf):
        buf[:] = self.data[n * 512:n * 512 + len(buf)]


error(storage.VfsFat)  # expect: TypeError('function takes 1 positional arguments but 0 were given',) function takes 1 positional arguments but 0 were given
error(storage.VfsFat, 5)  # expect: AttributeError("'int' object has no attribute 'readblocks'",) 'int' object has no attribute 'readblocks'
error(storage.VfsFat.mkfs, Disk(49))  # expect: OSError(5,) [Errno 5] Input/output error

os.mkdir("/sd")
disk = Disk(400)
storage.VfsFat.mkfs(disk)
vfs = storage.VfsFat(disk)
vfs.label = "Card"
print(vfs.label, storage.VfsFat(disk).label)  # expect: CARD CARD
storage.mount(vfs, "/sd", readonly=True)
print(vfs.readonly)  # expect: True
error(open, "/sd/x", "w")  # expect: OSError(30,) [Errno 30] Read-only filesystem
error(os.mkdir, "/sd/x")  # expect: OSError(30,) [Errno 30] Read-only filesystem
error(setattr, vfs, "label", "X")  # expect: OSError(30,) [Errno 30] Read-only filesystem
storage.remount("/sd", readonly=False)
print(vfs.readonly)  # expect: False
with open("/sd/x", "wb") as f:
    f.write(bytes(range(256)) * 20)
error(storage.remount, "/sd/x", False)  # expect: OSError(22,) [Errno 22] Invalid argument

# What the device raises goes to the caller.
f = open("/sd/x", "rb")
disk.failing = "read"
error(f.read, 10)  # expect: ValueError('read 35',) read 35
error(storage.VfsFat, disk)  # expect: ValueError('read 0',) read 0
disk.failing = None
print(f.read(3), f.read(3))  # expect: b'\x00\x01\x02' b'\x03\x04\x05'
disk.failing = "write"
g = open("/sd/x", "r+b")
error(g.write, b"abc")  # expect: KeyboardInterrupt() -
disk.failing = None
# The interrupted write is finished by the next one.
g.seek(3)
g.write(b"def")
g.close()
with storage.VfsFat(disk).open("/x", "rb") as h:
    print(h.read(8))  # expect: b'abcdef\x06\x07'

# The device's own code cannot use the file system that stands on it.
class Nosy(Disk):
    def readblocks(self, n, buf):
        super().readblocks(n, buf)
        try:
            os.listdir("/sd")
        except OSError as e:
            self.error = e


storage.umount(vfs)
nosy = Nosy(400)
nosy.data[:] = disk.data
storage.mount(storage.VfsFat(nosy), "/sd")
print(os.stat("/sd/x")[6], repr(nosy.error))  # expect: 5120 OSError(16,)
storage.umount("/sd")

# Without writeblocks nothing can be written.
card = storage.VfsFat(ReadOnly(disk.data))
storage.mount(card, "/sd")
print(card.readonly, os.listdir("/sd"))  # expect: True ['x']
error(open, "/sd/y", "w")  # expect: OSError(30,) [Errno 30] Read-only filesystem
storage.remount("/sd", readonly=False)
error(os.remove, "/sd/x")  # expect: OSError(30,) [Errno 30] Read-only filesystem
storage.umount(card)

# A partition.
whole = Disk(8 + 400)
whole.data[8 * 512:] = disk.data
whole.data[446:462] = bytes([0, 0, 0, 0, 6, 0, 0, 0, 8, 0, 0, 0, 0x90, 1, 0, 0])
whole.data[510:512] = b"\x55\xaa"
print([e[0] for e in storage.VfsFat(whole).ilistdir("/")])  # expect: ['x']

# Objects that the program lets go of stay as long as they are mounted or a file is open.
class Mine(storage.VfsFat):
    def mount(self, readonly, mkfs):
        print("mount", readonly, mkfs)
        super().mount(readonly, True)


def mount():
    storage.mount(Mine(Disk(200)), "/sd", readonly=False)


mount()  # expect: mount False False
gc.collect()
print(type(storage.getmount("/sd")))  # expect: <class 'Mine'>
f = open("/sd/f", "w")
storage.umount("/sd")
gc.collect()
f.write("still there")
f.close()
gc.collect()
error(vfs.open, "full", "q")  # expect: ValueError('Invalid mode',) Invalid mode
with vfs.open("full", "wb") as f:
    error(f.write, bytes(250000))  # expect: OSError(28,) [Errno 28] No space left on device
os.rmdir("/sd")
