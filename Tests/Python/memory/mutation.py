# User code that changes a container while the interpreter works on it: nothing worse than an error may come of it.
import gc
class K:
    def __init__(self, n): self.n = n
    def __hash__(self): return self.n % 3
    def __eq__(self, o):
        global d
        if K.evil:
            K.evil = False
            d.clear(); gc.collect()
            x = [bytearray(500) for i in range(50)]
        return isinstance(o, K) and self.n == o.n
K.evil = False
for t in range(3):
    d = {K(i): i for i in range(60)}
    K.evil = True
    try: print(d.get(K(1000 + t)))
    except Exception as e: print(repr(e))
    d = {K(i): i for i in range(60)}
    K.evil = True
    d[K(1000 + t)] = 1
    print(len(d))
    d = {K(i): i for i in range(60)}
    K.evil = True
    print(K(59) in d, d.pop(K(58), None))
    s = set(K(i) for i in range(60)); d = s
    K.evil = True
    s.add(K(70)); print(len(s))
l = []
class E:
    def __eq__(self, o): l.clear(); gc.collect(); return False
    def __lt__(self, o): l.clear(); gc.collect(); return True
l = [E() for i in range(50)]
print(l == [E() for i in range(50)]); 
l = [E() for i in range(50)]
print(5 in l, len(l))
l = [E() for i in range(50)]
try: l.sort()
except ValueError as e: print(e)
l = [E() for i in range(50)]
try: l.remove(7)
except ValueError as e: print(e)
l = [E() for i in range(50)]; print(l.count(3), len(l))
class R:
    def __repr__(self): l.clear(); gc.collect(); return "R"
l = [R() for i in range(10)]; print(l)
class It:
    def __iter__(self): return self
    def __next__(self): l.clear(); gc.collect(); raise StopIteration
l = list(range(100)); l.extend(It()); print(l); l = list(range(10)); l[2:4] = It(); print(l)
class Idx:
    def __index__(self): l.clear(); return 5
d = {}
class Hd:
    def __hash__(self): d.clear(); return 5
d = {i: i for i in range(30)}; d[Hd()] = 1; print(len(d))
b = bytearray(100)
class Ln:
    def __len__(self): return 10**9
try: print(len(Ln()))
except Exception as e: print(e)
def g():
    b.extend(b"x" * 1000); yield 5
b[0:10] = bytes(g()); print(len(b))
m = memoryview(b); b.extend(b"y" * 5000); gc.collect(); print(m[0], len(m))
it = iter(d); d[99] = 1; d.clear()
print(list(it))
x = []; x.append(x)
y = []; y.append(y)
try: print(x == y)
except RuntimeError as e: print(e)
def r(n): return r(n + 1)
try: r(0)
except RuntimeError as e: print(e)
class RR:
    def __repr__(self): return repr(self)
    def __add__(self, o): return self + o
    def __getattr__(self, n): return getattr(self, n)
    def __len__(self): return len(self)
for f in (lambda: repr(RR()), lambda: RR() + 1, lambda: RR().zz, lambda: len(RR()), lambda: sorted([RR(), RR()], key=lambda v: repr(v)), lambda: max(map(lambda q: max(map(lambda q: repr(RR()), [1])), [1]))):
    try: f()
    except RuntimeError as e: print(e)
import array
b = bytearray(100000); m = memoryview(b)
try:
    b[:] = b""; gc.collect(); print(m[50000])
except Exception as e: print(repr(e))
class It:
    def __init__(s, f): s.f = f
    def __iter__(s): return s
    def __next__(s): s.f(); raise StopIteration
b = bytearray(1000)
def shrink(): b[:] = b""; gc.collect()
try: b[100:200] = bytes(It(shrink)); print(len(b))
except Exception as e: print(repr(e))
b = bytearray(1000)
try: b.extend(It(shrink)); print(len(b))
except Exception as e: print(repr(e))
a = array.array("i", range(1000))
def ash(): a[:] = array.array("i"); gc.collect()
try: a.extend(It(ash)); print(len(a))
except Exception as e: print(repr(e))
try: "".join(It(lambda: None)); print(b"".join([b, memoryview(b"x")]))
except Exception as e: print(repr(e))
l = [bytearray(100)]
class S2:
    def __repr__(s): l.clear(); gc.collect(); return "s"
try: print("{} {}".format(S2(), l))
except Exception as e: print(repr(e))
import collections
q = collections.deque([1, 2, 3], 10)
for x in q:
    q.clear() if hasattr(q, "clear") else [q.pop() for _ in range(len(q))]
print(len(q))
def gen():
    try:
        yield 1
        g.send(None)
    except ValueError as e: print(e)
    yield 2
g = gen(); next(g); print(next(g))
s = set(range(100))
try:
    for x in s: s.discard(x); s.add(x + 1000)
except Exception as e: print(repr(e))
print(len(s))
d = {i: i for i in range(100)}
n = 0
for k in d:
    d.pop(k); n += 1
print(n, len(d))
z = zip(iter([1, 2]), iter([3])); print(list(z), list(z))
# expect: None
# expect: 1
# expect: False None
# expect: 1
# expect: None
# expect: 1
# expect: False None
# expect: 1
# expect: None
# expect: 1
# expect: False None
# expect: 1
# expect: False
# expect: False 0
# expect: list modified during sort
# expect: object not in sequence
# expect: 0 0
# expect: [R]
# expect: []
# expect: []
# expect: 1
# expect: 1000000000
# expect: 1091
# expect: 5 1091
# expect: []
# expect: maximum recursion depth exceeded
# expect: pystack exhausted
# expect: pystack exhausted
# expect: pystack exhausted
# expect: pystack exhausted
# expect: pystack exhausted
# expect: pystack exhausted
# expect: pystack exhausted
# expect: IndexError('index out of range',)
# expect: 0
# expect: 0
# expect: ValueError('lhs and rhs should be compatible',)
# expect: TypeError('join expects a list of str/bytes objects consistent with self object',)
# expect: s []
# expect: 0
# expect: generator already executing
# expect: 2
# expect: 100
# expect: 100 0
# expect: [(1, 3)] []
