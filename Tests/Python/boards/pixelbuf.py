from adafruit_pixelbuf import PixelBuf
from rainbowio import colorwheel


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e))


class Strip(PixelBuf):
    def __init__(self, count, **keywords):
        self.sent = 0
        super().__init__(count, **keywords)

    def _transmit(self, buffer):
        self.sent += 1
        print(bytes(buffer))


class Plain(PixelBuf):
    def _transmit(self, buffer):
        print(self.byteorder, list(buffer))


s = Strip(2)
print(len(s), bool(s), s.bpp, s.byteorder, s.brightness, s.auto_write)  # expect: 2 True 3 BGR 1.0 False
s[0] = (1, 2, 3)
s[1] = 0x112233
s.show()  # expect: b'\x03\x02\x013"\x11'
print(s[0], s[1], s[-1], s[:], list(s))
# expect: (1, 2, 3) (17, 34, 51) (17, 34, 51) ((1, 2, 3), (17, 34, 51)) [(1, 2, 3), (17, 34, 51)]
s.brightness = 0.5
print(s[0], s.brightness)  # expect: (1, 2, 3) 0.5
s.show()  # expect: b'\x01\x01\x00\x19\x11\x08'
s.brightness = 7
print(s.brightness)  # expect: 1.0
s.brightness = -1
print(s.brightness)  # expect: 0.0
s.brightness = 1
s.auto_write = True
s[0] = 255.0  # expect: b'\xff\x00\x003"\x11'
s.fill([1, 1, 1])  # expect: b'\x01\x01\x01\x01\x01\x01'
s[:] = [5, (1, 2, 3)]  # expect: b'\x05\x00\x00\x03\x02\x01'
s[::-1] = [5, (1, 2, 3)]  # expect: b'\x03\x02\x01\x05\x00\x00'
s[:] = range(6)  # expect: b'\x02\x01\x00\x05\x04\x03'
s[1:] = bytes([300 & 255, 1, 2])  # expect: b'\x02\x01\x00\x02\x01,'
s.brightness = 0.25  # expect: b'\x00\x00\x00\x00\x00\x0b'
print(s.sent)  # expect: 9
s.auto_write = False

error(s.__getitem__ if hasattr(s, "__getitem__") else (lambda i: s[i]), 2)  # expect: IndexError('index out of range',)
error(lambda: s["a"])  # expect: TypeError('PixelBuf indices must be integers, not str',)


def store(index, value):
    s[index] = value


error(store, 0, (1, 2))  # expect: ValueError('color length must be 3-4',)
error(store, 0, "red")  # expect: TypeError("object 'str' isn't a tuple or list",)
error(store, 0, (1, 2, "x"))  # expect: TypeError("can't convert str to int",)
error(store, slice(0, 2), [1, 2, 3])
# expect: ValueError('Unmatched number of items on RHS (expected 2, got 3).',)
error(setattr, s, "brightness", "x")  # expect: TypeError("can't convert str to float",)
error(setattr, s, "bpp", 1)  # expect: AttributeError("can't set attribute 'bpp'",)

for order in ("RG", "RGBWW", "RGX", "RGBX", "RGPB", "RRB", b"RGB", 5):
    error(PixelBuf, 1, byteorder=order)
# expect: ValueError('Invalid byteorder',)
# expect: ValueError('Invalid byteorder',)
# expect: ValueError('Invalid byteorder',)
# expect: ValueError('Invalid byteorder',)
# expect: ValueError('Invalid byteorder',)
# expect: ValueError('Invalid byteorder',)
# expect: TypeError('byteorder must be of type str, not bytes',)
# expect: TypeError('byteorder must be of type str, not int',)
error(PixelBuf)  # expect: TypeError("'size' argument required",)
error(PixelBuf, 1, "RGB")  # expect: TypeError('extra positional arguments given',)
error(PixelBuf(1).show)  # expect: AttributeError("'PixelBuf' object has no attribute '_transmit'",)

w = Plain(2, byteorder="GRBW")
w[0] = 0x202020
w[1] = (1, 2, 3, 4)
w.show()  # expect: GRBW [0, 0, 0, 32, 2, 1, 3, 4]
print(w[0], w[1])  # expect: (0, 0, 0, 32) (1, 2, 3, 4)
w[0] = (9, 9, 9)
w[1] = (9, 9, 9, 9)
print(w[0], w[1])  # expect: (0, 0, 0, 9) (9, 9, 9, 9)

# DotStars: a start byte with five bits of brightness before each pixel, which `brightness` leaves alone.
d = Plain(2, byteorder="PBGR", brightness=0.5, header=b"\0\0", trailer=b"\xff")
d.show()  # expect: PBGR [0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]
d[0] = (16, 32, 64)
d[1] = (255, 0, 0, 0.5)
d.show()  # expect: PBGR [0, 0, 255, 32, 16, 8, 239, 0, 0, 127, 255]
print(d[0], d.bpp)  # expect: (16, 32, 64, 1.0) 4


class Broken(PixelBuf):
    def __init__(self):
        pass


error(len, Broken())  # expect: RuntimeError('super().__init__() must be called before using the native object',)


class Greedy(PixelBuf):
    def _transmit(self, buffer):
        buffer[:] = b"abc"


g = Greedy(2)
g.show()
error(g.fill, 1)  # expect: IndexError('index out of range',)
error(lambda: g[1])  # expect: IndexError('index out of range',)
print([hex(colorwheel(i)) for i in (0, 1, 84.5, 85, 170, 255, 256, 300.25)])
# expect: ['0xff0000', '0xfc0300', '0x2fd00', '0xff00', '0xff', '0xff0000', '0xff0000', '0x7b8400']
error(colorwheel, "x")  # expect: TypeError("can't convert str to float",)
