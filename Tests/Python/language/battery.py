# A bit of everything; the expectations are CPython's where the two agree.
# battery compared to CPython
class A:
    x = 1
    def __init__(self): self.y = 2
    def __repr__(self): return "A()"
    def __len__(self): return 3
    def __bool__(self): return False
    def __getattr__(self, n): return "dyn_" + n
    def __call__(self, *a, **k): return (a, k)
    def __eq__(self, o): return isinstance(o, A)
    def __hash__(self): return 7
    def __add__(self, o): return ("add", o)
    def __radd__(self, o): return ("radd", o)
    def __iadd__(self, o): return ("iadd", o)
    def __lt__(self, o): return True
    def __contains__(self, o): return o == 5
    def __getitem__(self, i): return i
    def __setitem__(self, i, v): print("set", i, v)
    def __delitem__(self, i): print("del", i)
    def __enter__(self): print("enter"); return self
    def __exit__(self, t, v, tb): print("exit", t is not None); return True
    def __iter__(self): return iter([1, 2])
    def __neg__(self): return "neg"
    def __int__(self): return 42
    def __float__(self): return 1.5
    def __matmul__(self, o): return "mm"
    def __divmod__(self, o): return "dm"
    @property
    def p(self): return "prop"
    @p.setter
    def p(self, v): print("setp", v)
    @staticmethod
    def s(a): return a
    @classmethod
    def c(cls, a): return (cls.__name__, a)
a = A()
print(a, len(a), bool(a), a.foo, a(1, k=2), a == A(), {a: 1}[A()], a + 1, 1 + a, a < 3)
b = a; b += 3; print(b)
print(5 in a, 4 in a, a[3], a[1:2], a[::2], list(a), -a, int(a), float(a), a @ 3)
a[1] = 2; del a[3]; a[1, 2] = 3
with a as q: print(q); 1 / 0
print(a.p); a.p = 5; print(A.s(1), a.s(2), A.c(3), a.c(4))
class B(A):
    def __init__(self): super().__init__(); self.z = super().p
    @property
    def p(self): return "bprop+" + super().p
print(B().z, B().p, B.__bases__, issubclass(B, A), isinstance(B(), (int, A)))
class M1:
    def f(self): return "M1"
class M2:
    def f(self): return "M2"
    def g(self): return "M2g"
class M3(M1, M2): pass
print(M3().f(), M3().g())
def gen():
    try:
        x = yield 1
        print("got", x)
        yield 2
    except ValueError as e:
        print("caught", e); yield 99
    finally:
        print("fin")
g = gen(); print(next(g), g.send("hi")); print(g.throw(ValueError("v")))
try: next(g)
except StopIteration: print("stop")
def sub(): 
    r = yield from inner(); print("r", r); return "done"
def inner():
    yield 1; return "inner"
def outer():
    x = yield from sub(); print(x)
print(list(outer()))
print([x * y for x in range(3) for y in range(3) if x != y], {x: x * x for x in range(3)}, {x % 2 for x in range(3)}, list(x for x in "ab"))
def f(a, b=2, *args, c, d=4, **kw): return (a, b, args, c, d, kw)
print(f(1, c=3), f(1, 2, 3, 4, c=5, e=6), f(*[1, 2, 3], **{"c": 1, "z": 2}))
def clos():
    n = 0
    def inc():
        nonlocal n; n += 1; return n
    return inc
i = clos(); i(); print(i())
print([f() for f in [lambda x=x: x for x in range(3)]])
a, *b, c = range(5); print(a, b, c)
(a, b), c = (1, 2), 3; print(a, b, c)
x = y = 5; print(x, y)
if (n := 10) > 5: print(n)
print(1 < 2 < 3, 1 < 3 < 2, not 1, 1 and 2, 0 or 3, 1 if 0 else 2)
for k in range(3):
    if k == 5: break
else: print("else")
while True:
    try: break
    finally: print("f1")
def ff():
    try: return 1
    finally: print("f2")
print(ff())
def fg():
    for i in range(3):
        try:
            if i == 1: continue
            print(i)
        finally: print("c", i)
fg()
try:
    try: raise KeyError("k")
    except KeyError as e: raise ValueError("v") from e
except ValueError as e: print(repr(e), repr(e.__cause__))
try: raise TypeError
except (ValueError, TypeError) as e: print(type(e).__name__, e.args)
class CE(Exception): pass
try: raise CE(1, 2)
except Exception as e: print(e, e.args, repr(e))
try: assert 1 == 2, "msg"
except AssertionError as e: print(e)
try:
    try: 1/0
    finally: print("cleanup")
except ZeroDivisionError: print("zd")
else: print("no")
print("%s %r %d %5.2f %x %o %c %% %-5s| %05d %+d" % ("a", "b", 3, 3.14159, 255, 8, "z", "l", 42, 7))
print("{} {0}".format(1) if 0 else "{1} {0} {a} {b[0]}".format(1, 2, a=3, b=[4]) if 0 else "{1} {0} {a}".format(1, 2, a=3))
print("{:>5}|{:<5}|{:^5}|{:05d}|{:,}|{:x}|{:#x}|{:b}|{:e}|{:.2f}|{!r}|{:+}".format("a", "b", "c", 42, 1234567, 255, 255, 5, 12345.678, 3.14159, "q", 5))
n = 42; s = "str"
print(f"{n} {n:5d} {s!r:>8} {n=} {n+1=} {'nested'} {{}} {n:#x} {s:.2}")
print("abc".upper(), "a,b,c".split(","), " x ".strip(), "abc".find("c"), "abc".replace("b", "X"), "a-b".partition("-"), "abc".startswith(("x", "a")), "aXbX".count("X"), "-".join("abc"), "abc".center(7) + "|", "abc"[::1], "a\nb".splitlines(), "abcabc".rfind("b"), "abc".index("b"), "abc".endswith("c"), "x y  z".split(), "x y z".rsplit(" ", 1), "abc".isalpha(), "12".isdigit(), "A".isupper(), "a b".split(None, 1))
print(b"abc"[0], b"abc"[1:], bytes([1, 2]), bytearray(b"ab") + b"c", b"a".hex(), bytes.fromhex("0aff"), b"%d" % 3 if 0 else "", b"abc".decode(), "é".encode(), bytes(3), b"a" in b"abc", b"x".join([b"1", b"2"]))
l = [3, 1, 2]; l.sort(); l.reverse(); l.insert(1, 9); l.extend((7,)); print(l, l.pop(), l.pop(0), l.index(9), l.count(1), l[-1], l[1:], l * 2, l + [1], sorted(l, key=lambda x: -x), sorted("bca", reverse=True))
l[1:2] = [5, 6, 7]; print(l); del l[0]; print(l, l[::-1], l[::2])
print(min(3, 1), max([1, 5]), min("abc", key=lambda c: -ord(c)), max([], default=0), sum([1, 2], 10), abs(-3), divmod(7, -2), pow(2, 10), pow(2, 10, 1000), round(2.5), round(3.14159, 2), hex(255), bin(5), oct(8), chr(97), ord("a"), all([]), any([0, 1]), list(enumerate("ab", 1)), list(zip([1, 2], "ab")), list(map(lambda a, b: a + b, [1], [2])), list(filter(None, [0, 1])), list(reversed([1, 2])))
print(7 // 2, -7 // 2, 7 % -3, -7 % 3, 2 ** 100, 1 << 65, -1 >> 1, 5 & 3, 5 | 3, 5 ^ 3, ~5, 0x10, 0b11, 0o7, 1_000, 10 / 4, int("ff", 16), int("-12"), int(3.9), float("1e3"), 1e3, 2 ** -1, (5).to_bytes(2, "big"), int.from_bytes(b"\x01\x02", "little"))
print(type(1).__name__, type("").__name__, type([]), isinstance(True, int) if 0 else "", callable(len), hasattr(1, "real") if 0 else "", getattr(a, "zz", "d"))
# expect: A() 3 False dyn_foo ((1,), {'k': 2}) True 1 ('add', 1) ('radd', 1) True
# expect: ('iadd', 3)
# expect: True False 3 slice(1, 2, None) slice(None, None, 2) [1, 2] neg 42 1.5 mm
# expect: set 1 2
# expect: del 3
# expect: set (1, 2) 3
# expect: enter
# expect: A()
# expect: exit True
# expect: prop
# expect: setp 5
# expect: 1 2 ('A', 3) ('A', 4)
# expect: prop bprop+prop (<class 'A'>,) True True
# expect: M1 M2g
# expect: got hi
# expect: 1 2
# expect: caught v
# expect: 99
# expect: fin
# expect: stop
# expect: r inner
# expect: done
# expect: [1]
# expect: [0, 0, 0, 2, 0, 2] {0: 0, 1: 1, 2: 4} {0, 1} ['a', 'b']
# expect: (1, 2, (), 3, 4, {}) (1, 2, (3, 4), 5, 4, {'e': 6}) (1, 2, (3,), 1, 4, {'z': 2})
# expect: 2
# expect: [0, 1, 2]
# expect: 0 [1, 2, 3] 4
# expect: 1 2 3
# expect: 5 5
# expect: 10
# expect: True False False 2 3 2
# expect: else
# expect: f1
# expect: f2
# expect: 1
# expect: 0
# expect: c 0
# expect: c 1
# expect: 2
# expect: c 2
# expect: ValueError('v',) KeyError('k',)
# expect: TypeError ()
# expect: (1, 2) (1, 2) CE(1, 2)
# expect: msg
# expect: cleanup
# expect: zd
# expect: a 'b' 3  3.14 ff 10 z % l    | 00042 +7
# expect: 2 1 3
# expect:     a|b    |  c  |00042|1,234,567|ff|0xff|101|1.234568e+04|3.14|'q'|+5
# expect: 42    42    'str' n=42 n+1=43 nested {} 0x2a st
# expect: ABC ['a', 'b', 'c'] x 2 aXc ('a', '-', 'b') True 2 a-b-c   abc  | abc ['a', 'b'] 4 1 True ['x', 'y', 'z'] ['x y', 'z'] True True True ['a', 'b']
# expect: 97 b'bc' b'\x01\x02' bytearray(b'abc') 61 b'\n\xff'  abc b'\xc3\xa9' b'\x00\x00\x00' True b'1x2'
# expect: [9, 2, 1] 7 3 0 1 1 [2, 1] [9, 2, 1, 9, 2, 1] [9, 2, 1, 1] [9, 2, 1] ['c', 'b', 'a']
# expect: [9, 5, 6, 7, 1]
# expect: [5, 6, 7, 1] [1, 7, 6, 5] [5, 7]
# expect: 1 5 c 0 13 3 (-4, -1) 1024 24 2 3.14 0xff 0b101 0o10 a 97 True True [(1, 'a'), (2, 'b')] [(1, 'a'), (2, 'b')] [3] [1] [2, 1]
# expect: 3 -4 -2 2 1267650600228229401496703205376 36893488147419103232 -1 1 7 6 -6 16 3 7 1000 2.5 255 -12 3 1000.0 1000.0 0.5 b'\x00\x05' 513
# expect: int str <class 'list'>  True  d
