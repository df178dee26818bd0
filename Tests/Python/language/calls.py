# Functions: defaults, stars, keywords, closures, recursion.
def f(a, b=2, *args, c=3, **kw):
    return (a, b, args, c, sorted(kw.items()))

print(f(1))  # expect: (1, 2, (), 3, [])
print(f(1, 5, 6, 7, c=9, z=1))  # expect: (1, 5, (6, 7), 9, [('z', 1)])
print(f(*[1, 2, 3], **{"q": 1}))  # expect: (1, 2, (3,), 3, [('q', 1)])

def keyword_only(*, a=1):
    return a

print(keyword_only(a=3))  # expect: 3
try:
    keyword_only(1)
except TypeError as e:
    print(e)  # expect: function takes 0 positional arguments but 1 were given
try:
    keyword_only(b=1)
except TypeError as e:
    print(e)  # expect: unexpected keyword argument 'b'

def counter():
    n = 0
    def step():
        nonlocal n
        n += 1
        return n
    return step

c = counter()
c()
print(c(), c())  # expect: 2 3

def deep(n):
    return deep(n + 1)

try:
    deep(0)
except RuntimeError as e:
    print(e)  # expect: pystack exhausted

def depth():
    n = 0
    def inner():
        nonlocal n
        n += 1
        inner()
    try:
        inner()
    except RuntimeError:
        pass
    return n > 20

print(depth())  # expect: True
print((lambda *a: a)(*range(3)))  # expect: (0, 1, 2)
try:
    5()
except TypeError as e:
    print(e)  # expect: 'int' object isn't callable

# Globals that are empty to begin with.
g = {}
exec("global zz\nzz = 1", g)
print(g["zz"])  # expect: 1
try:
    exec("(lambda: yy)()", {})
except NameError as e:
    print(e)  # expect: name 'yy' isn't defined
exec("class A:\n  pass\nprint(A.__module__)", {})  # expect: builtins
for source in ("f'{}'", "print('a') if", "x = = 1"):
    try:
        eval(source)
    except SyntaxError as e:
        print(e)
# expect: invalid syntax
# expect: invalid syntax
# expect: invalid syntax
