# args: --sd 8M
import board
import busio
import digitalio
import os
import sdcardio
import storage


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e), e)


spi = board.SPI()
error(sdcardio.SDCard, spi, board.D9)  # expect: OSError('no SD card',) no SD card
error(sdcardio.SDCard, 5, board.D10)  # expect: TypeError('spi must be of type SPI, not int',) spi must be of type SPI, not int
error(sdcardio.SDCard, spi, 5)  # expect: TypeError('cs must be of type Pin, not int',) cs must be of type Pin, not int
spi.try_lock()
error(sdcardio.SDCard, spi, board.D10)  # expect: OSError(11,) [Errno 11] EAGAIN
spi.unlock()
card = sdcardio.SDCard(spi, board.D10)
error(sdcardio.SDCard, spi, board.D10)  # expect: ValueError('D10 in use',) D10 in use
print(card.count())  # expect: 16384
block = bytearray(512)
card.readblocks(0, block)
print(block[510:])  # expect: bytearray(b'U\xaa')
error(card.readblocks, 0, bytearray(500))  # expect: ValueError('Buffer must be a multiple of 512 bytes',) Buffer must be a multiple of 512 bytes
error(card.readblocks, 16384, block)  # expect: OSError(5,) [Errno 5] Input/output error

# Single and multiple blocks, in order and not.
data = bytes(range(256)) * 6
card.writeblocks(9000, data)
card.writeblocks(9003, b"\x01" * 512)
card.writeblocks(9005, b"\x02" * 512)
card.sync()
back = bytearray(4 * 512)
card.readblocks(9000, back)
print(back == data + b"\x01" * 512)  # expect: True
card.readblocks(9005, block)
print(block == b"\x02" * 512)  # expect: True

# A file system.
os.mkdir("/sd")
vfs = storage.VfsFat(card)
storage.mount(vfs, "/sd")
print(os.listdir("/sd"), os.statvfs("/sd")[:3])  # expect: [] (4096, 4096, 2043)
with open("/sd/pressure.csv", "w") as f:
    for i in range(100):
        f.write("%d,%d\n" % (i, i * i))
with open("/sd/pressure.csv") as f:
    print(sum(int(line.split(",")[1]) for line in f))  # expect: 328350
storage.umount("/sd")
storage.VfsFat.mkfs(card)
print(list(storage.VfsFat(card).ilistdir("/")))  # expect: []

# Deinitialised; again by a DigitalInOut.
card.deinit()
card.deinit()
error(card.count)  # expect: ValueError('Object has been deinitialized and can no longer be used. Create a new object.',) Object has been deinitialized and can no longer be used. Create a new object.
select = digitalio.DigitalInOut(board.D10)
card = sdcardio.SDCard(spi, select, baudrate=1000000)
print(card.count())  # expect: 16384
spi.deinit()
error(card.readblocks, 0, block)  # expect: ValueError('Object has been deinitialized and can no longer be used. Create a new object.',) Object has been deinitialized and can no longer be used. Create a new object.
os.rmdir("/sd")
