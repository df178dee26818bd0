# Floats of a board: 30 bits, shown by the shortest text that reads back, in the board's own way of finding it.
import json
import math

# In variables, so that a compiler with doubles does not do the arithmetic.
one, two, three, hundred, tenth, fifth, seven = 1, 2, 3, 100, 0.1, 0.2, 0.7
print(math.pi, one / three, two / three, tenth + fifth, tenth + fifth == 0.3)  # expect: 3.141592 0.3333333 0.6666666 0.3 True
print(hundred / three, 16777217.0, 123456789.0, 123456.789)  # expect: 33.33334 16777220.0 123456770.0 123456.8
x = 1.1
print(tenth + seven, x * x)  # expect: 0.7999998 1.2100008
x = 0.0
for i in range(10):
    x += 0.1
print(x, 1e16, 1e15, 1e-05, int(1e10), int(16777217.0), 1e39)  # expect: 1.0 1e+16 1000000000000000.0 1e-05 10000001024 16777216 inf
print(0.0, -0.0, 5.0, 1e22, -2.5, 98.6, 25.4, 0.0001, 0.00001234, float("nan"), -float("inf"))  # expect: 0.0 -0.0 5.0 1e+22 -2.5 98.6 25.4 0.0001 1.234e-05 nan -inf
print("%g %g %g %g" % (1e10, 1.5, hundred / three, 1e-7), "{:.3f}".format(hundred / three), "%.2f" % 2.675)  # expect: 1e+10 1.5 33.3333 1e-07 33.333 2.67
print("%e" % 12345.678, "{:g}".format(0.0001), "{:10.2e}|".format(-1234.5), "%5.1f|" % 3.14159, "{:+.2f}".format(1))  # expect: 1.234568e+04 0.0001  -1.23e+03|   3.1| +1.00
print("{:%}".format(0.25), "{:.1%}".format(0.125), "%f" % 1e10, "{:.0f}".format(7.0), "%.3g" % 1234.5, "%G" % 1e-10)  # expect: 25.000000% 12.5% 10000000000.000000 7 1.23e+03 1E-10
print("{:08.3f}|{:<8.1f}|{:^8.1f}|{:,.2f}".format(3.14159, 2.5, 2.5, 1234.5), f"{x:.2f} {x} {x!r:>5}")  # expect: 0003.142|2.5     |  2.5   |1,234.50 1.00 1.0   1.0
print(float("3.14159265358979"), float("1e3"), float(" -2.5 "), json.loads("[0.1, 1e2]"), json.dumps([hundred / three]))  # expect: 3.141592 1000.0 -2.5 [0.1, 100.0] [33.33334]
print(round(2.675, 2), round(1234.567, -2), round(0.5), round(1.5), round(-2.5), round(1e20))  # expect: 2.67 1200.0 0 2 -2 100000028392366800896
bad = 0
for i in range(2000):
    x = (i * 7919 % 2003 - 1000) * 1.37 ** (i % 60 - 30)
    if float(str(x)) != x or float(repr(-x)) != -x:
        bad += 1
print(bad)  # expect: 0
