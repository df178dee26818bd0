# Numbers: big ints, 30-bit floats, complex.
print(2**100, -(2**64), 2**64 // 7, 2**64 % 7, (1 << 70) >> 68, ~(1 << 65))  # expect: 1267650600228229401496703205376 -18446744073709551616 2635249153387078802 2 4 -36893488147419103233
print(10**20 == 10**20, 10**20 > 10**19, int("123456789012345678901234567890"), hex(2**70), int("ff", 16))  # expect: True True 123456789012345678901234567890 0x400000000000000000 255
print(pow(3, 100, 7), (123456789 ** 5) % 1000, -7 // 2, -7 % 3, 7 // -2, divmod(-(10**20), 3))  # expect: 4 949 -4 2 -4 (-33333333333333333334, 2)
print(1 / 3, 2 / 3, 0.1 + 0.2, 0.1 + 0.2 == 0.3, 1e15, 1e16, 1e-05, 100.0)  # expect: 0.3333333 0.6666666 0.3 True 1000000000000000.0 1e+16 1e-05 100.0
print(16777217.0, 123456789.0, 123456.789, 1e39, int(1e10), -0.0)  # expect: 16777220.0 123456770.0 123456.8 inf 10000001024 -0.0
print((1 + 2j) * (3 - 1j), abs(3 + 4j), 2j, complex(1, -1).imag)  # expect: (5+5j) 5.0 2j -1.0
print(7.5 // 2, -7.5 % 2, 2**-1, round(2.567, 2), round(2.5), round(-3.5), int(-2.9), float("1e3"))  # expect: 3.0 0.5 0.5 2.57 2 -4 -2 1000.0
print((258).to_bytes(2, "big"), int.from_bytes(b"\x01\x02", "little"), (5).bit_length(), True + 1)  # expect: b'\x01\x02' 513 3 2
for bad in ("1//0", "int('x')", "1 << -1"):
    try:
        1 // 0 if bad == "1//0" else int("x") if bad == "int('x')" else 1 << -len(bad)
    except Exception as e:
        print(e)
# expect: division by zero
# expect: invalid syntax for integer with base 10
# expect: negative shift count
