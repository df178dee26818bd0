# struct, json, array, memoryview, bytearray.
import struct, json, array, binascii, io, math, collections
print(struct.pack(">bBhHiIqQ", -1, 255, -2, 65535, -3, 2**32 - 1, -4, 2**64 - 1))
print(struct.pack("<3s5sx?", b"ab", b"abcdefg", True), struct.unpack("<2h3s", b"\x01\x00\x02\x00abc"), struct.calcsize("<bhi"), struct.calcsize("@bhi"), struct.calcsize("bq"))
print(struct.unpack(">f", struct.pack(">f", 1.5)), struct.unpack("<d", struct.pack("<d", 0.5)), struct.unpack_from("<H", b"\x00\x01\x02", 1))
b = bytearray(6); struct.pack_into("<HH", b, 1, 0x102, 0x304); print(b)
for bad in ("struct.pack('<H', 65536)", "struct.pack('<b', 200)", "struct.unpack('<H', b'a')", "struct.pack('<H')", "struct.pack('Z', 1)", "struct.pack('<H', 'a')", "struct.pack('<HH', 1)", "struct.pack('<H', 1, 2)", "struct.pack_into('<I', bytearray(2), 0, 1)", "struct.pack('<2s', 'ab')"):
    try: print(bad, eval(bad))
    except Exception as e: print(bad, type(e).__name__, e)
for x in ([1, 2.5, "a\n\"\\é", None, True, {"k": [{}]}], (1, 2), {"1": 2, "b": False}, "", [], {}, 1e10, -0.5, 10**20):
    s = json.dumps(x); print(s, json.loads(s))
for s in ('[1, 2', '{"a" 1}', '{"a": }', 'nul', '[1,]', '{,}', '"abc', '', '  1  ', '1 2', '[1e5, -2, 3.5e-2]', '"\\u00e9\\n\\/"', '{"a": {"b": [1, {"c": null}]}}', 'true', '{"a":1,}', "'a'"):
    try: print(s, json.loads(s))
    except Exception as e: print(s, type(e).__name__, e)
f = io.StringIO('{"x": 1} '); print(json.load(f))
o = io.StringIO(); json.dump({"a": [1]}, o); print(o.getvalue())
try: json.dumps({1, 2})
except Exception as e: print(type(e).__name__, e)
print(json.dumps({1: 2, None: 3}) if 0 else "", json.dumps("\x01\x7f"))
a = array.array("h", [1, -2, 3]); a.append(4); a.extend([5]); a[0] = 9
print(a, len(a), a[1:3], list(a), a[-1], sum(a), 9 in a, a == array.array("h", [9, -2, 3, 4, 5]), bytes(a[:2]))
for bad in ("array.array('h', [70000])", "array.array('z')", "a[9]", "a.append('x')", "array.array('B', [256])", "array.array('f', [1, 2])", "array.array('B', b'abc')", "array.array('H', b'abcd')", "array.array('i', range(3))", "a + array.array('h', [1])", "array.array('d', [0.5])", "array.array('L', [2**32-1])", "array.array('q', [2**62])"):
    try: print(bad, eval(bad))
    except Exception as e: print(bad, type(e).__name__, e)
m = memoryview(b"abcdef"); print(m[1], bytes(m[1:3]), len(m), m[2:4] == b"cd", list(m[::2]) if 0 else "", m == b"abcdef")
try: m[0] = 1
except Exception as e: print(type(e).__name__, e)
mb = memoryview(bytearray(4)); mb[1] = 5; mb[2:4] = b"xy"; print(bytes(mb))
ma = memoryview(a); print(ma[1], len(ma), bytes(ma[0:1]))
try: mb[0:2] = b"abc"
except Exception as e: print(type(e).__name__, e)
ba = bytearray(b"hello"); ba[0] = 72; ba += b"!"; ba.append(33); ba.extend(b"xx"); print(ba, ba[1:3], ba.find(b"l"), ba.replace(b"l", b"L"), ba.decode(), ba == b"Hello!!xx", bytes(ba[:2]))
ba[1:3] = b"EEE"; print(ba)
# expect: b'\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfc\xff\xff\xff\xff\xff\xff\xff\xff'
# expect: b'ab\x00abcde\x00\x01' (1, 2, b'abc') 7 8 16
# expect: (1.5,) (0.5,) (513,)
# expect: bytearray(b'\x00\x02\x01\x04\x03\x00')
# expect: struct.pack('<H', 65536) OverflowError value must fit in 2 byte(s)
# expect: struct.pack('<b', 200) OverflowError value must fit in 1 byte(s)
# expect: struct.unpack('<H', b'a') RuntimeError buffer size must match format
# expect: struct.pack('<H') TypeError expected 1 arguments, got 0
# expect: struct.pack('Z', 1) ValueError bad typecode
# expect: struct.pack('<H', 'a') TypeError can't convert str to int
# expect: struct.pack('<HH', 1) TypeError expected 2 arguments, got 1
# expect: struct.pack('<H', 1, 2) TypeError expected 1 arguments, got 2
# expect: struct.pack_into('<I', bytearray(2), 0, 1) ValueError buffer too small
# expect: struct.pack('<2s', 'ab') b'ab'
# expect: [1, 2.5, "a\n\"\\é", null, true, {"k": [{}]}] [1, 2.5, 'a\n"\\é', None, True, {'k': [{}]}]
# expect: [1, 2] [1, 2]
# expect: {"1": 2, "b": false} {'1': 2, 'b': False}
# expect: "" 
# expect: [] []
# expect: {} {}
# expect: 10000000000.0 10000000000.0
# expect: -0.5 -0.5
# expect: 100000000000000000000 100000000000000000000
# expect: [1, 2 ValueError syntax error in JSON
# expect: {"a" 1} ValueError syntax error in JSON
# expect: {"a": } ValueError syntax error in JSON
# expect: nul ValueError syntax error in JSON
# expect: [1,] ValueError syntax error in JSON
# expect: {,} ValueError syntax error in JSON
# expect: "abc ValueError syntax error in JSON
# expect:  ValueError syntax error in JSON
# expect:   1   1
# expect: 1 2 ValueError syntax error in JSON
# expect: [1e5, -2, 3.5e-2] [100000.0, -2, 0.035]
# expect: "\u00e9\n\/" é
# expect: /
# expect: {"a": {"b": [1, {"c": null}]}} {'a': {'b': [1, {'c': None}]}}
# expect: true True
# expect: {"a":1,} ValueError syntax error in JSON
# expect: 'a' ValueError syntax error in JSON
# expect: {'x': 1}
# expect: {"a": [1]}
# expect: TypeError can't convert object to json
# expect:  "\u0001"
# expect: array('h', [9, -2, 3, 4, 5]) 5 array('h', [-2, 3]) [9, -2, 3, 4, 5] 5 19 True True b'\t\x00\xfe\xff'
# expect: array.array('h', [70000]) OverflowError value must fit in 2 byte(s)
# expect: array.array('z') ValueError bad typecode
# expect: a[9] IndexError index out of range
# expect: a.append('x') TypeError can't convert str to int
# expect: array.array('B', [256]) OverflowError value must fit in 1 byte(s)
# expect: array.array('f', [1, 2]) array('f', [1.0, 2.0])
# expect: array.array('B', b'abc') array('B', [97, 98, 99])
# expect: array.array('H', b'abcd') array('H', [25185, 25699])
# expect: array.array('i', range(3)) array('i', [0, 1, 2])
# expect: a + array.array('h', [1]) array('h', [9, -2, 3, 4, 5, 1])
# expect: array.array('d', [0.5]) array('d', [0.5])
# expect: array.array('L', [2**32-1]) array('L', [4294967295])
# expect: array.array('q', [2**62]) array('q', [4611686018427387904])
# expect: 98 b'bc' 6 True  True
# expect: TypeError 'memoryview' object doesn't support item assignment
# expect: b'\x00\x05xy'
# expect: -2 5 b'\t\x00'
# expect: ValueError lhs and rhs should be compatible
# expect: bytearray(b'Hello!!xx') bytearray(b'el') 2 bytearray(b'HeLLo!!xx') Hello!!xx True b'He'
# expect: bytearray(b'HEEElo!!xx')
