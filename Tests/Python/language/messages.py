# The board's words for what goes wrong.
def t(f, *a):
    try:
        if isinstance(f, str): r = eval(f, globals())
        else: r = f(*a)
        print(repr(r))
    except Exception as e:
        print(type(e).__name__ + ": " + str(e))
class A: pass
a = A()
def f0(): pass
def f1(a, b=1): pass
def f2(*, k): pass
for s in """undefined_name
f0(1)
f1()
f1(1, 2, 3)
f1(1, c=3)
f1(1, a=1)
f2()
f2(1)
a.x
A.x
(5).foo
len(5)
5()
None()
iter(5)
next(5)
5[0]
[1][5]
(1,)[5]
"abc"[5]
b"abc"[5]
[1]["a"]
{}["k"]
[].pop()
"a" + 1
1 + "a"
-"a"
[1] < ["a"]
1 < "a"
{[]: 1}
hash({})
hash([])
1 / 0
1 // 0
1 % 0
1.0 / 0
int("x")
int("x", 16)
int("9", 40)
float("x")
int([])
float([])
int(float("inf"))
int(float("nan"))
"".join([1])
"abc".index("z")
"abc".split("")
[1, 2].remove(5)
[1].index(5)
chr(-1)
chr(0x110000)
ord("ab")
bytes([256])
(256).to_bytes(1, "big")
range(1, 5, 0)
[1, 2][::0]
"abc"[::2]
"{1}".format(1)
"{:d}".format("a")
"%d" % "a"
"%s %s" % 1
"%s" % (1, 2)
"{a.b}".format(a=1)
issubclass(1, int)
isinstance(1, 5)
1 << -1
setattr(5, "x", 1)
getattr(5, "x")
[].append()
[].append(1, 2)
"a".replace("a")
print(1, foo=2)
sorted([1, "a"])
max()
max([])
sum(["a"])
list(5)
dict([1])
dict([(1, 2, 3)])
set(5)
tuple(5)
abs("a")
round("a")
pow(2, -1, 5)
open("/nonexist")
open("x", "q")
(1).__foo__
"abc".decode()
b"abc".encode()
bytearray(-1)
[0] * -1
"a" * -1
"ab" * 2.0
[1] + (1,)
divmod(1, 0)
complex("x")
eval("1 +")
eval("x = 1")
exec("def")
compile("a", "b", "zzz")
__import__("nosuchmodule")
super()
type("X", (int, str), {})
type(5, 5)
object().x
zip(5)
map(5)
enumerate()
reversed(5)
"abc" in 5
5 in "abc"
5 in 5
{1, 2}.remove(5)
set().pop()
{}.popitem()
{}.pop("a")
slice()
int.from_bytes("a", "big")
"%c" % 300000000
"%x" % "a"
"%" % 1
"{".format()
"}".format()
"{} {1}".format(1, 2)
"{:z}".format(1)
f"{1:z}"
"{0[a]}".format({})
a.b.c
del_test
"a".join(5)
min(1)
any(5)
bytes("a")
bytes("a", "utf-8")
str(b"a", "utf-8")
str(b"\\xff", "utf-8")
b"\\xff".decode()
str(5, "utf-8")
ord(b"ab")
"abc".startswith(5)
"abc".strip(5)
"a,b".split(5)
"abc".center()
[3, 1].sort(5)
[].sort(foo=1)
[].insert(1)
[].extend(5)
(1, 2).index(3)
callable()
hex("a")
bin(1.5)
id()
dir(1, 2)
hasattr(1)
isinstance()
print.x
len.x
a()
Exception.foo
ValueError(1).bar""".split("\n"):
    print(s, "->", end=" ")
    t(s)
# expect: undefined_name -> NameError: name 'undefined_name' isn't defined
# expect: f0(1) -> TypeError: function takes 0 positional arguments but 1 were given
# expect: f1() -> TypeError: function takes 1 positional arguments but 0 were given
# expect: f1(1, 2, 3) -> TypeError: function takes 2 positional arguments but 3 were given
# expect: f1(1, c=3) -> TypeError: unexpected keyword argument 'c'
# expect: f1(1, a=1) -> TypeError: function got multiple values for argument 'a'
# expect: f2() -> TypeError: function missing keyword-only argument
# expect: f2(1) -> TypeError: function takes 0 positional arguments but 1 were given
# expect: a.x -> AttributeError: 'A' object has no attribute 'x'
# expect: A.x -> AttributeError: type object 'A' has no attribute 'x'
# expect: (5).foo -> AttributeError: 'int' object has no attribute 'foo'
# expect: len(5) -> TypeError: object of type 'int' has no len()
# expect: 5() -> TypeError: 'int' object isn't callable
# expect: None() -> TypeError: 'NoneType' object isn't callable
# expect: iter(5) -> TypeError: 'int' object isn't iterable
# expect: next(5) -> TypeError: 'int' object isn't an iterator
# expect: 5[0] -> TypeError: 'int' object isn't subscriptable
# expect: [1][5] -> IndexError: index out of range
# expect: (1,)[5] -> IndexError: index out of range
# expect: "abc"[5] -> IndexError: string index out of range
# expect: b"abc"[5] -> IndexError: index out of range
# expect: [1]["a"] -> TypeError: list indices must be integers, not str
# expect: {}["k"] -> KeyError: k
# expect: [].pop() -> IndexError: index out of range
# expect: "a" + 1 -> TypeError: unsupported types for __add__: 'str', 'int'
# expect: 1 + "a" -> TypeError: unsupported types for __add__: 'int', 'str'
# expect: -"a" -> TypeError: unsupported type for __neg__: 'str'
# expect: [1] < ["a"] -> TypeError: unsupported types for __gt__: 'str', 'int'
# expect: 1 < "a" -> TypeError: unsupported types for __lt__: 'int', 'str'
# expect: {[]: 1} -> TypeError: unsupported type for __hash__: 'list'
# expect: hash({}) -> TypeError: unsupported type for __hash__: 'dict'
# expect: hash([]) -> TypeError: unsupported type for __hash__: 'list'
# expect: 1 / 0 -> ZeroDivisionError: division by zero
# expect: 1 // 0 -> ZeroDivisionError: division by zero
# expect: 1 % 0 -> ZeroDivisionError: division by zero
# expect: 1.0 / 0 -> ZeroDivisionError: division by zero
# expect: int("x") -> ValueError: invalid syntax for integer with base 10
# expect: int("x", 16) -> ValueError: invalid syntax for integer with base 16
# expect: int("9", 40) -> ValueError: base must be 2-36
# expect: float("x") -> ValueError: invalid syntax for number
# expect: int([]) -> TypeError: can't convert list to int
# expect: float([]) -> TypeError: can't convert list to float
# expect: int(float("inf")) -> OverflowError: can't convert inf to int
# expect: int(float("nan")) -> ValueError: can't convert NaN to int
# expect: "".join([1]) -> TypeError: join expects a list of str/bytes objects consistent with self object
# expect: "abc".index("z") -> ValueError: substring not found
# expect: "abc".split("") -> ValueError: empty separator
# expect: [1, 2].remove(5) -> ValueError: object not in sequence
# expect: [1].index(5) -> ValueError: object not in sequence
# expect: chr(-1) -> ValueError: chr() arg not in range(0x110000)
# expect: chr(0x110000) -> ValueError: chr() arg not in range(0x110000)
# expect: ord("ab") -> TypeError: ord() expected a character, but string of length 2 found
# expect: bytes([256]) -> ValueError: bytes value out of range
# expect: (256).to_bytes(1, "big") -> OverflowError: value must fit in 1 byte(s)
# expect: range(1, 5, 0) -> ValueError: range step cannot be zero
# expect: [1, 2][::0] -> ValueError: slice step cannot be zero
# expect: "abc"[::2] -> NotImplementedError: only slices with step=1 (aka None) are supported
# expect: "{1}".format(1) -> IndexError: tuple index out of range
# expect: "{:d}".format("a") -> ValueError: unknown format code 'd' for object of type 'str'
# expect: "%d" % "a" -> TypeError: can't convert str to int
# expect: "%s %s" % 1 -> TypeError: format string needs more arguments
# expect: "%s" % (1, 2) -> TypeError: format string didn't convert all arguments
# expect: "{a.b}".format(a=1) -> NotImplementedError: attributes not supported
# expect: issubclass(1, int) -> TypeError: issubclass() arg 1 must be a class
# expect: isinstance(1, 5) -> TypeError: issubclass() arg 2 must be a class or a tuple of classes
# expect: 1 << -1 -> ValueError: negative shift count
# expect: setattr(5, "x", 1) -> AttributeError: 'int' object has no attribute 'x'
# expect: getattr(5, "x") -> AttributeError: 'int' object has no attribute 'x'
# expect: [].append() -> TypeError: function takes 2 positional arguments but 1 were given
# expect: [].append(1, 2) -> TypeError: function takes 2 positional arguments but 3 were given
# expect: "a".replace("a") -> TypeError: function missing 1 required positional arguments
# expect: print(1, foo=2) -> TypeError: extra keyword arguments given
# expect: sorted([1, "a"]) -> TypeError: unsupported types for __lt__: 'int', 'str'
# expect: max() -> TypeError: function missing 1 required positional arguments
# expect: max([]) -> ValueError: arg is an empty sequence
# expect: sum(["a"]) -> TypeError: unsupported types for __add__: 'int', 'str'
# expect: list(5) -> TypeError: 'int' object isn't iterable
# expect: dict([1]) -> TypeError: 'int' object isn't iterable
# expect: dict([(1, 2, 3)]) -> ValueError: dict update sequence has wrong length
# expect: set(5) -> TypeError: 'int' object isn't iterable
# expect: tuple(5) -> TypeError: 'int' object isn't iterable
# expect: abs("a") -> TypeError: unsupported type for __abs__: 'str'
# expect: round("a") -> TypeError: can't convert str to float
# expect: pow(2, -1, 5) -> ValueError: negative exponent
# expect: open("/nonexist") -> OSError: [Errno 2] No such file/directory: /nonexist
# expect: open("x", "q") -> ValueError: Invalid mode
# expect: (1).__foo__ -> AttributeError: 'int' object has no attribute '__foo__'
# expect: "abc".decode() -> AttributeError: 'str' object has no attribute 'decode'
# expect: b"abc".encode() -> AttributeError: 'bytes' object has no attribute 'encode'
# expect: bytearray(-1) -> ValueError: negative count
# expect: [0] * -1 -> []
# expect: "a" * -1 -> ''
# expect: "ab" * 2.0 -> TypeError: unsupported types for __mul__: 'str', 'float'
# expect: [1] + (1,) -> TypeError: unsupported types for __add__: 'list', 'tuple'
# expect: divmod(1, 0) -> ZeroDivisionError: division by zero
# expect: complex("x") -> ValueError: invalid syntax for number
# expect: eval("1 +") -> SyntaxError: invalid syntax
# expect: eval("x = 1") -> SyntaxError: invalid syntax
# expect: exec("def") -> SyntaxError: invalid syntax
# expect: compile("a", "b", "zzz") -> ValueError: bad compile mode
# expect: __import__("nosuchmodule") -> ImportError: no module named 'nosuchmodule'
# expect: super() -> TypeError: super() takes a class and an object
# expect: type("X", (int, str), {}) -> TypeError: multiple bases have instance lay-out conflict
# expect: type(5, 5) -> TypeError: type takes 1 or 3 arguments
# expect: object().x -> AttributeError: 'object' object has no attribute 'x'
# expect: zip(5) -> TypeError: 'int' object isn't iterable
# expect: map(5) -> TypeError: function missing 1 required positional arguments
# expect: enumerate() -> TypeError: 'iterable' argument required
# expect: reversed(5) -> TypeError: object of type 'int' has no len()
# expect: "abc" in 5 -> TypeError: 'int' object isn't iterable
# expect: 5 in "abc" -> TypeError: can't convert 'int' object to str implicitly
# expect: 5 in 5 -> TypeError: 'int' object isn't iterable
# expect: {1, 2}.remove(5) -> KeyError: 5
# expect: set().pop() -> KeyError: pop from an empty set
# expect: {}.popitem() -> KeyError: popitem(): dictionary is empty
# expect: {}.pop("a") -> KeyError: a
# expect: slice() -> TypeError: function expected at most 3 arguments, got 0
# expect: int.from_bytes("a", "big") -> 97
# expect: "%c" % 300000000 -> TypeError: integer needed
# expect: "%x" % "a" -> TypeError: can't convert str to int
# expect: "%" % 1 -> ValueError: incomplete format
# expect: "{".format() -> ValueError: unmatched '{' in format
# expect: "}".format() -> ValueError: single '}' encountered in format string
# expect: "{} {1}".format(1, 2) -> ValueError: can't switch from automatic field numbering to manual field specification
# expect: "{:z}".format(1) -> ValueError: invalid format specifier
# expect: f"{1:z}" -> ValueError: invalid format specifier
# expect: "{0[a]}".format({}) -> NotImplementedError: attributes not supported
# expect: a.b.c -> AttributeError: 'A' object has no attribute 'b'
# expect: del_test -> NameError: name 'del_test' isn't defined
# expect: "a".join(5) -> TypeError: 'int' object isn't iterable
# expect: min(1) -> TypeError: 'int' object isn't iterable
# expect: any(5) -> TypeError: 'int' object isn't iterable
# expect: bytes("a") -> TypeError: string argument without an encoding
# expect: bytes("a", "utf-8") -> b'a'
# expect: str(b"a", "utf-8") -> 'a'
# expect: str(b"\xff", "utf-8") -> UnicodeError: invalid utf-8
# expect: b"\xff".decode() -> UnicodeError: invalid utf-8
# expect: str(5, "utf-8") -> TypeError: decoding int is not supported
# expect: ord(b"ab") -> TypeError: ord() expected a character, but string of length 2 found
# expect: "abc".startswith(5) -> TypeError: can't convert 'int' object to str implicitly
# expect: "abc".strip(5) -> TypeError: can't convert 'int' object to str implicitly
# expect: "a,b".split(5) -> TypeError: can't convert 'int' object to str implicitly
# expect: "abc".center() -> TypeError: function takes 2 positional arguments but 1 were given
# expect: [3, 1].sort(5) -> TypeError: function takes 1 positional arguments but 2 were given
# expect: [].sort(foo=1) -> TypeError: extra keyword arguments given
# expect: [].insert(1) -> TypeError: function takes 3 positional arguments but 2 were given
# expect: [].extend(5) -> TypeError: 'int' object isn't iterable
# expect: (1, 2).index(3) -> ValueError: object not in sequence
# expect: callable() -> TypeError: function takes 1 positional arguments but 0 were given
# expect: hex("a") -> TypeError: can't convert str to int
# expect: bin(1.5) -> ValueError: unknown format code 'b' for object of type 'float'
# expect: id() -> TypeError: function takes 1 positional arguments but 0 were given
# expect: dir(1, 2) -> TypeError: function expected at most 1 arguments, got 2
# expect: hasattr(1) -> TypeError: function takes 2 positional arguments but 1 were given
# expect: isinstance() -> TypeError: function takes 2 positional arguments but 0 were given
# expect: print.x -> AttributeError: 'function' object has no attribute 'x'
# expect: len.x -> AttributeError: 'function' object has no attribute 'x'
# expect: a() -> TypeError: 'A' object isn't callable
# expect: Exception.foo -> AttributeError: type object 'Exception' has no attribute 'foo'
# expect: ValueError(1).bar -> AttributeError: 'ValueError' object has no attribute 'bar'
