# The hardware-free modules, a little of each.
import binascii, collections, errno, json, math, os, random, struct, sys, time

print(sys.implementation.name, sys.version_info, sys.maxsize)  # expect: circuitpython (3, 4, 0) 2147483647
print(math.sqrt(16), math.floor(2.7), math.ceil(2.1), math.isnan(float("nan")))  # expect: 4.0 2 3 True
try:
    math.sqrt(-1)
except ValueError as e:
    print(e)  # expect: math domain error
print(struct.pack("<hBf", -2, 255, 1.5), struct.unpack(">HH", b"\x00\x01\x02\x03"), struct.calcsize("bi"))  # expect: b'\xfe\xff\xff\x00\x00\xc0?' (1, 515) 8
print(json.dumps({"a": [1, 2.5, None, True, 'x"y']}), json.loads('{"k": [1, 2.5, "z", null, {"q": false}]}'))  # expect: {"a": [1, 2.5, null, true, "x\"y"]} {'k': [1, 2.5, 'z', None, {'q': False}]}
P = collections.namedtuple("P", "x y")
p = P(1, y=2)
print(p, p.x, p[1], p == (1, 2))  # expect: P(x=1, y=2) 1 2 True
d = collections.deque((), 3)
for i in range(5):
    d.append(i)
print(list(d), d.popleft(), len(d))  # expect: [2, 3, 4] 2 2
o = collections.OrderedDict([("z", 1), ("a", 2)])
print(o, list(o))  # expect: OrderedDict({'z': 1, 'a': 2}) ['z', 'a']
print(binascii.hexlify(b"\x01\xff"), binascii.b2a_base64(b"hi"), binascii.crc32(b"123456789"))  # expect: b'01ff' b'aGk=\n' 3421780262
print(errno.ENODEV, errno.errorcode[2])  # expect: 19 ENOENT
random.seed(5)
a = [random.randint(1, 6) for _ in range(20)]
random.seed(5)
print(a == [random.randint(1, 6) for _ in range(20)], min(a) >= 1, max(a) <= 6)  # expect: True True True
print(time.localtime(0)[:3], time.mktime((2020, 1, 1, 0, 0, 0, 0, 0, 0)))  # expect: (1970, 1, 1) 1577836800
print(time.ticks_diff(5, 2**30 - 5))  # expect: 10
try:
    open("/etc/passwd")
except OSError as e:
    print(e)  # expect: [Errno 2] No such file/directory: /etc/passwd
try:
    open("../../../../etc/passwd")
except OSError as e:
    print(e.errno)  # expect: 2
print(os.getenv("NOTHING", "fallback"))  # expect: fallback
import array, cmath
print(cmath.sqrt(-4).imag, cmath.polar(3 + 4j)[0], abs(cmath.exp(cmath.pi * 1j) + 1) < 0.001)  # expect: 2.0 5.0 True
v = array.array("H", [1, 2, 3])
v.append(65535)
print(v, v[-1], len(v), memoryview(v)[1:3][0], bytes(array.array("h", [-1])))  # expect: array('H', [1, 2, 3, 65535]) 65535 4 2 b'\xff\xff'
m = memoryview(bytearray(b"abcdef"))
m[2:4] = b"XY"
print(bytes(m[1:5]), m[0])  # expect: b'bXYe' 97
