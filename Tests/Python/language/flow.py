# Descriptors, scopes, generators, with, finally, assignment.
class Await:
    def __init__(self, v): self.v = v
class D:
    def __set_name__(self, o, n): print("name", n); self.n = n
    def __get__(self, i, o): return (self.n, i is None)
    def __set__(self, i, v): print("dset", v)
    def __delete__(self, i): print("ddel")
class H: d = D(); e = 5
h = H(); print(h.d, H.d); h.d = 3; del h.d
class S:
    def __setattr__(self, n, v): print("sa", n, v); object.__setattr__(self, n, v)
    def __delattr__(self, n): print("da", n); object.__delattr__(self, n)
    def __getattr__(self, n):
        if n.startswith("x"): return n * 2
        raise AttributeError(n)
s = S(); s.a = 1; print(s.a, s.xy, hasattr(s, "q")); del s.a
try: s.q
except AttributeError as e: print("AE", e)
x = 1
class Scope:
    x = 2
    y = [x for _ in range(1)] if 0 else x
    def m(self): return x
print(Scope.y, Scope().m())
def outer():
    v = [1]
    def a():
        nonlocal v; v = v + [2]
        def b(): return v
        return b
    return a()()
print(outer())
def fn(a, *, k=[]): k.append(a); return k
print(fn(1), fn(2))
def g1():
    yield
    return 5
def g2():
    r = yield from g1(); yield r
print(list(g2()))
def g3():
    while True:
        try: yield 1
        except GeneratorExit: print("ge"); raise
g = g3(); next(g); g.close(); g.close()
def g4():
    try: yield 1
    finally: print("g4 fin")
for i in g4(): break
g = (i for i in range(3)); print(next(g), list(g), list(g))
def gx(): raise StopIteration; yield
try: list(gx())
except RuntimeError as e: print("RE", e)
try: next(iter([]))
except StopIteration as e: print("SI", e.value, e.args)
def ret():
    for i in range(3):
        try:
            if i == 1: return i
        finally:
            if i == 1: print("last")
print(ret())
def nest():
    try:
        try: raise ValueError(1)
        finally: print("a")
    except ValueError as e:
        try: raise KeyError(2) from e
        except KeyError as k: return k.__cause__ is e, k.__context__ is e
print(nest())
def swallow():
    try: 1 / 0
    finally: return "swallowed"
print(swallow())
def loop():
    out = []
    for i in range(5):
        try:
            if i == 2: continue
            if i == 4: break
            out.append(i)
        except: pass
        else: out.append("e")
        finally: out.append("f")
    return out
print(loop())
with Await(1) if 0 else __import__("io").StringIO("x") as f: print(f.read())
class CM:
    def __init__(s, n): s.n = n
    def __enter__(s): print("+", s.n); return s.n
    def __exit__(s, *a): print("-", s.n, a[0].__name__ if a[0] else None)
with CM(1) as a, CM(2) as b: print(a, b)
try:
    with CM(3), CM(4): raise OSError(2)
except OSError as e: print(e.errno)
def ctl():
    for i in range(2):
        with CM(i):
            if i == 0: continue
            return "ret"
print(ctl())
del x
try: x
except NameError as e: print(e)
def ul():
    print(zz); zz = 1
try: ul()
except NameError as e: print(e)
global_v = 1
def setg():
    global global_v; global_v = 2
setg(); print(global_v)
print([[j for j in range(i)] for i in range(3)], [a for a, b in [(1, 2)]], {k: v for k, v in {"a": 1}.items()})
lst = [1, 2, 3]
lst[0], lst[1] = lst[1], lst[0]; print(lst)
i = 0; i, lst[i] = 2, 9; print(i, lst)
a = b = []; a.append(1); print(b)
a, (b, *c), d = 1, (2, 3, 4), 5; print(a, b, c, d)
print(*[1, 2], *(3,), sep="-"); print("a", end=""); print()
print((lambda *a, **k: (a, k))(1, 2, x=3), (lambda: (yield))() is not None)
def deco(n):
    def d(f): return lambda *a: f(*a) * n
    return d
@deco(3)
def dd(x): return x + 1
print(dd(1))
print(1 if 0 else 2 if 0 else 3, not not 1, 1 == 1.0, True + True, "a" "b", 'é' < 'z', (1,) < (1, 2), [1, 2] == [1, 2], None is None, 3 & 2 | 1 ^ 7, -2 ** 2, 2 ** 3 ** 2, 7 % 3 * 2, ~-1)
# expect: name d
# expect: ('d', False) ('d', True)
# expect: dset 3
# expect: ddel
# expect: sa a 1
# expect: 1 xyxy False
# expect: da a
# expect: AE q
# expect: 2 1
# expect: [1, 2]
# expect: [1, 2] [1, 2]
# expect: [None, 5]
# expect: ge
# expect: 0 [1, 2] []
# expect: RE generator raised StopIteration
# expect: SI None ()
# expect: last
# expect: 1
# expect: a
# expect: (True, True)
# expect: swallowed
# expect: [0, 'e', 'f', 1, 'e', 'f', 'f', 3, 'e', 'f', 'f']
# expect: x
# expect: + 1
# expect: + 2
# expect: 1 2
# expect: - 2 None
# expect: - 1 None
# expect: + 3
# expect: + 4
# expect: - 4 OSError
# expect: - 3 OSError
# expect: 2
# expect: + 0
# expect: - 0 None
# expect: + 1
# expect: - 1 None
# expect: ret
# expect: name 'x' isn't defined
# expect: local variable referenced before assignment
# expect: 2
# expect: [[], [0], [0, 1]] [1] {'a': 1}
# expect: [2, 1, 3]
# expect: 2 [2, 1, 9]
# expect: [1]
# expect: 1 2 [3, 4] 5
# expect: 1-2-3
# expect: a
# expect: ((1, 2), {'x': 3}) True
# expect: 6
# expect: 3 True True 2 ab False True True True 6 -4 512 2 0
