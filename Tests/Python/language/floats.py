# Floats of a board: 30 bits, shown by the shortest text that reads back.
import math

print(math.pi, 1 / 3, 2 / 3, 0.1 + 0.2, 0.1 + 0.2 == 0.3)  # expect: 3.141592 0.3333333 0.6666666 0.3 True
print(100 / 3, 16777217.0, 123456789.0, 123456.789, 0.1 + 0.7, 1.1 * 1.1)  # expect: 33.33334 16777220.0 123456770.0 123456.8 0.7999998 1.2100008
x = 0.0
for i in range(10):
    x += 0.1
print(x, 1e16, 1e15, 1e-05, int(1e10), int(16777217.0), 1e39)  # expect: 1.0 1e+16 1000000000000000.0 1e-05 10000001024 16777216 inf
