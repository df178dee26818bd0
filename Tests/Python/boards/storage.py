import storage


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e), e)


volume = storage.getmount("/")
print(type(volume) is storage.VfsFat, volume is storage.getmount("/"))  # expect: True True
print(volume.label, volume.readonly)  # expect: CIRCUITPY False
volume.label = "DATA"
print(volume.label)  # expect: DATA
error(setattr, volume, "label", "TWELVE CHARS")  # expect: OSError(22,) [Errno 22] Invalid argument
error(setattr, volume, "readonly", True)  # expect: AttributeError("can't set attribute 'readonly'",) can't set attribute 'readonly'
with volume.open("volume.txt", "w") as f:
    f.write("one\ntwo\n")
print([e for e in volume.ilistdir("/") if e[0] == "volume.txt"])  # expect: [('volume.txt', 32768, 0, 8)]
print(volume.stat("/")[0], volume.stat("/volume.txt")[6], volume.getcwd())  # expect: 16384 8 /
with volume.open("volume.txt", "r") as f:
    print(f.read().split())  # expect: ['one', 'two']
volume.rename("volume.txt", "renamed.txt")
volume.remove("renamed.txt")
error(volume.stat, "renamed.txt")  # expect: OSError(2,) [Errno 2] No such file/directory
storage.remount("/", readonly=True)
print(volume.readonly)  # expect: True
error(setattr, volume, "label", "X")  # expect: OSError(30,) [Errno 30] Read-only filesystem
error(open, "x.txt", "w")  # expect: OSError(30,) [Errno 30] Read-only filesystem
error(volume.mkdir, "/x")  # expect: OSError(30,) [Errno 30] Read-only filesystem
storage.remount("/", False)
print(volume.readonly)  # expect: False
error(storage.remount, "/sd")  # expect: OSError(22,) [Errno 22] Invalid argument
error(storage.getmount, "/sd")  # expect: OSError(22,) [Errno 22] Invalid argument
error(storage.umount, "/sd")  # expect: OSError(22,) [Errno 22] Invalid argument
error(storage.mount, 5, "/sd")  # expect: TypeError('filesystem must be of type VfsFat, not int',) filesystem must be of type VfsFat, not int
error(storage.mount, volume, "/sd")  # expect: RuntimeError('Mount point directory missing',) Mount point directory missing
error(storage.mount, volume, "/")  # expect: OSError(1,) [Errno 1] Operation not permitted
error(storage.disable_usb_drive)  # expect: RuntimeError('Cannot change USB devices now',) Cannot change USB devices now
error(storage.erase_filesystem, extended=True)  # expect: NotImplementedError('extended=True',) extended=True
