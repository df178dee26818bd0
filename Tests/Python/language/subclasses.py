# Subclasses of builtin types, and methods called on what they are not for.
from collections import OrderedDict, deque, namedtuple


class Stack(list):
    def __init__(self, n):
        super().__init__([0] * n)
        self.n = n

    def append(self, x):
        super().append(x * 2)


s = Stack(3)
s.append(4)
print(s, len(s), s.n, s[3], sum(s), isinstance(s, list), s == [0, 0, 0, 8])  # expect: [0, 0, 0, 8] 4 3 8 8 True True


class Defaults(dict):
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.misses = 0

    def __getitem__(self, k):
        try:
            return super().__getitem__(k)
        except KeyError:
            self.misses += 1
            return "none"


d = Defaults(a=1)
d["b"] = 2
print(sorted(d.items()), d["zz"], d.get("a"), "b" in d, d.misses)  # expect: [('a', 1), ('b', 2)] none 1 True 1


class Number(int):
    pass


class Text(str):
    def shout(self):
        return self.upper() + "!"


print(Number(5) + 1, Number("7"), isinstance(Number(5), int), Text("abc").shout(), Text("abc") == "abc")  # expect: 6 7 True ABC! True


class Error(Exception):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b


e = Error(1, 2)
print(e.args, e.b, repr(e))  # expect: (1,) 2 Error(1,)


class NoInit(list):
    def __init__(self):
        pass


class Pair(tuple):
    def __init__(self, source):
        self.note = "p"


print(NoInit(), Pair((1, 2)), Pair((1, 2)).note)  # expect: [] (1, 2) p


class Recent(deque):
    def __init__(self):
        super().__init__((), 2)


r = Recent()
for i in range(4):
    r.append(i)
print(list(r), len(r))  # expect: [2, 3] 2


class Ordered(OrderedDict):
    def __init__(self):
        super().__init__()
        self["z"] = 1
        self["a"] = 2


class Base(list):
    def __init__(self, x):
        super().__init__(x)
        self.k = 1


class Derived(Base):
    def __init__(self):
        super().__init__([9])


print(Ordered(), Derived(), Derived().k)  # expect: OrderedDict({'z': 1, 'a': 2}) [9] 1

P = namedtuple("P", ("x", "y"))


class Point(P):
    scale = 5

    def total(self):
        return self.x + self.y


q = Point(1, y=2)
x, y = q
print(q.x, q[1], q.total(), q.scale, len(q), list(q), q == (1, 2), isinstance(q, tuple), isinstance(q, P), x, y)  # expect: 1 2 3 5 2 [1, 2] True True True 1 2
print(q, hash(q) == hash((1, 2)), {q: 1}[(1, 2)], q + (3,))  # expect: P(x=1, y=2) True 1 (1, 2, 3)


class Up(P):
    def __init__(self, a):
        super().__init__(a, a + 1)


class Plain(namedtuple("Plain", "a b")):
    pass


print(Up(3), Up(3).y, Plain(1, 2), Plain(a=1, b=2).b)  # expect: P(x=3, y=4) 4 Plain(a=1, b=2) 2
try:
    Plain(1)
except TypeError as e:
    print(e)  # expect: function takes 2 positional arguments but 1 were given


class Once:
    made = None

    def __new__(cls):
        if cls.made is None:
            cls.made = super().__new__(cls)
        return cls.made


print(Once() is Once())  # expect: True

for wrong in (
    "list.append(5, 1)",
    "str.upper(5)",
    "dict.get([], 1)",
    "list.sort('abc')",
    "set.add({}, 1)",
    "deque.append([], 1)",
    "list.append(Once(), 1)",
    "list.__dict__['append'](5, 1)",
    "BaseException.__init__(5)",
):
    try:
        eval(wrong)
    except TypeError as e:
        print(e)
# expect: argument should be a 'list' not a 'int'
# expect: argument should be a 'str' not a 'int'
# expect: argument should be a 'dict' not a 'list'
# expect: argument should be a 'list' not a 'str'
# expect: argument should be a 'set' not a 'dict'
# expect: argument should be a 'deque' not a 'list'
# expect: argument should be a 'list' not a 'Once'
# expect: argument should be a 'list' not a 'int'
# expect: argument should be a 'BaseException' not a 'int'
list.append(s, 1)
print(s, list.index(s, 8))  # expect: [0, 0, 0, 8, 1] 3


class Early(deque):
    def __init__(self):
        self.append(1)


class EarlySuper(deque):
    def __init__(self):
        super().append(1)


for c in (Early, EarlySuper):
    try:
        c()
    except TypeError as e:
        print(e)
# expect: argument should be a 'deque' not a 'Early'
# expect: argument should be a 'deque' not a 'EarlySuper'
