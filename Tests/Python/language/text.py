# str, bytes and formatting.
print("hello".upper(), "a,b,c".split(","), "-".join(["x", "y"]), "abc"[1:], "abc"[-1])  # expect: HELLO ['a', 'b', 'c'] x-y bc c
print("%s %5.2f %x %r %d%%" % ("a", 3.14159, 255, "q", 5))  # expect: a  3.14 ff 'q' 5%
print("{:08.3f}|{:>5}|{:<5}|{:^5}|{:+d}|{:#x}|{:,}".format(3.14159, "a", "b", "c", 5, 255, 1234567))  # expect: 0003.142|    a|b    |  c  |+5|0xff|1,234,567
x = 7
print(f"{x} {x!r:>4} {x:03d} {x=}")  # expect: 7    7 007 x=7
print("Temperature: {:.2f} C".format(21.456))  # expect: Temperature: 21.46 C
print(b"ab" + b"\x00c", bytes([1, 2]), bytearray(3), b"abc"[1], b"abc"[1:])  # expect: b'ab\x00c' b'\x01\x02' bytearray(b'\x00\x00\x00') 98 b'bc'
print("grün".find("n"), len("grün"), "grün"[2], "grün".encode())  # expect: 3 4 ü b'gr\xc3\xbcn'
print("a b  c".split(), "a b  c".split(" "), "x=1".partition("="), "aXbX".replace("X", "-"))  # expect: ['a', 'b', 'c'] ['a', 'b', '', 'c'] ('x', '=', '1') a-b-
print("  pad ".strip() + "|", "abc".startswith("ab"), "abc".endswith(("x", "c")), "b" in "abc", "banana".count("an"))  # expect: pad| True True True 2
print(repr("it's"), repr('say "hi"'), repr("tab\t"), "a\\b")  # expect: "it's" 'say "hi"' 'tab\t' a\b
print("abc" < "abd", "a" * 3, "".join(reversed("abc")), chr(65), ord("é"))  # expect: True aaa cba A 233
try:
    "a" + 1
except TypeError as e:
    print(e)  # expect: unsupported types for __add__: 'str', 'int'
try:
    "abc"[5]
except IndexError as e:
    print(e)  # expect: string index out of range
try:
    "{}".format()
except IndexError as e:
    print(e)  # expect: tuple index out of range
b = bytearray(b"hello")
b[0] = 72
b.extend(b" you")
print(b, b.decode())  # expect: bytearray(b'Hello you') Hello you
