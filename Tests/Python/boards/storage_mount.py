import os
import storage
import sys


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e), e)


class RAMBlockDevice:
    """As in the documentation of storage and of MicroPython's VfsFat."""
    SIZE = 512

    def __init__(self, blocks):
        self.data = bytearray(blocks * self.SIZE)
        self.reads = self.writes = self.syncs = 0

    def readblocks(self, n, buf):
        self.reads += 1
        buf[:] = self.data[n * self.SIZE:n * self.SIZE + len(buf)]

    def writeblocks(self, n, buf):
        self.writes += 1
        self.data[n * self.SIZE:n * self.SIZE + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 3:
            self.syncs += 1
        if op == 4:
            return len(self.data) // self.SIZE
        if op == 5:
            return self.SIZE


disk = RAMBlockDevice(50)
blank = storage.VfsFat(disk)
error(storage.mount, blank, "/sd")  # expect: RuntimeError('Mount point directory missing',) Mount point directory missing
os.mkdir("/sd")
with open("/sd/placeholder.txt", "w") as f:
    f.write("hidden")
error(storage.mount, blank, "/sd")  # expect: OSError(19,) [Errno 19] No such device
error(blank.stat, "/")  # expect: OSError(19,) [Errno 19] No such device
storage.VfsFat.mkfs(disk)
vfs = storage.VfsFat(disk)
print(vfs.readonly, repr(vfs.label), vfs.statvfs("/"))  # expect: False '' (512, 512, 40, 40, 40, 0, 0, 0, 0, 255)
storage.mount(vfs, "/sd")
print(os.listdir("/sd"), os.listdir("/").count("sd"), os.listdir("/")[0])  # expect: [] 2 sd
print(storage.getmount("/sd") is vfs, storage.getmount("/sd/") is vfs, storage.getmount("/") is vfs)  # expect: True True False
error(storage.getmount, "/sd/x")  # expect: OSError(22,) [Errno 22] Invalid argument
error(storage.mount, vfs, "/sd")  # expect: OSError(1,) [Errno 1] Operation not permitted

# One tree.
with open("/sd/log.txt", "w") as f:
    syncs = disk.syncs
    print(f.write("one\ntwo\n"), disk.syncs - syncs)  # expect: 8 0
print(disk.syncs - syncs)  # expect: 1
os.stat("/sd/log.txt")
print(disk.syncs - syncs)  # expect: 1
print(b"LOG     TXT" in disk.data, b"one\ntwo" in disk.data)  # expect: True True
with open("/sd/log.txt", "a") as f:
    f.write("three\n")
with open("sd/LOG.TXT") as f:
    print(f.readlines())  # expect: ['one\n', 'two\n', 'three\n']
print(os.stat("/sd"), os.stat("/sd/log.txt")[:7])  # expect: (16384, 0, 0, 0, 0, 0, 0, 0, 0, 0) (32768, 0, 0, 0, 0, 0, 14)
print(os.statvfs("/sd") == vfs.statvfs("/"), os.statvfs("/sd")[3], os.statvfs("/") == os.statvfs("/sd"))  # expect: True 39 False
error(open, "/sd/none.txt")  # expect: OSError(2, '/none.txt') [Errno 2] No such file/directory: /none.txt
error(open, "sd/none.txt")  # expect: OSError(2, '/none.txt') [Errno 2] No such file/directory: /none.txt
error(open, "/none.txt")  # expect: OSError(2, '/none.txt') [Errno 2] No such file/directory: /none.txt
error(open, "none.txt")  # expect: OSError(2, 'none.txt') [Errno 2] No such file/directory: none.txt
error(open, "/sd", "w")  # expect: OSError(13, '/') [Errno 13] Permission denied: /
os.mkdir("/sd/lib")
os.rename("/sd/log.txt", "/sd/lib/moved.txt")
print(os.listdir("/sd"), os.listdir("/sd/lib"))  # expect: ['lib'] ['moved.txt']
error(os.rename, "/sd/lib/moved.txt", "/moved.txt")  # expect: OSError(1,) [Errno 1] Operation not permitted
error(os.rmdir, "/sd/lib")  # expect: OSError(13,) [Errno 13] Permission denied
error(os.remove, "/sd/lib")  # expect: OSError(21,) [Errno 21] EISDIR
error(os.mkdir, "/sd/lib")  # expect: OSError(17,) [Errno 17] File exists
error(storage.mount, storage.VfsFat(disk), "/sd/lib")  # expect: OSError(1,) [Errno 1] Operation not permitted
os.utime("/sd/lib/moved.txt", (1000000000, 1000000001))
print(os.stat("/sd/lib/moved.txt")[7:])  # expect: (1000000000, 1000000000, 1000000000)

# import finds what is there.
with open("/sd/lib/from_card.py", "w") as f:
    f.write("print('imported', __file__)\n")
sys.path.append("/sd/lib")
import from_card  # expect: imported /sd/lib/from_card.py

# The current directory.
os.chdir("/sd/lib")
print(os.getcwd(), os.listdir(), vfs.getcwd())  # expect: /sd/lib ['moved.txt', 'from_card.py'] /lib
error(open, "none.txt")  # expect: OSError(2, 'none.txt') [Errno 2] No such file/directory: none.txt
vfs.chdir("/")
print(os.getcwd(), vfs.getcwd(), os.listdir(".."))  # expect: /sd / ['lib']
os.chdir("../../lib/..")
print(os.getcwd())  # expect: /sd
vfs.chdir("lib")
print([e[0] for e in vfs.ilistdir()], [e[0] for e in vfs.ilistdir("/")])  # expect: ['moved.txt', 'from_card.py'] ['lib']

# Unmounting leaves open files as they are.
f = open("moved.txt")
print(f.readline())  # expect: one
# expect:
storage.umount("/sd")
print(os.getcwd(), os.listdir("/sd"), f.readline(), f.closed if hasattr(f, "closed") else "")  # expect: / ['placeholder.txt'] two
# expect:  
f.close()
error(storage.umount, "/sd")  # expect: OSError(22,) [Errno 22] Invalid argument
error(storage.umount, vfs)  # expect: OSError(22,) [Errno 22] Invalid argument
error(storage.umount, "/")  # expect: OSError(22,) [Errno 22] Invalid argument
os.remove("/sd/placeholder.txt")
os.rmdir("/sd")
