# Classes: inheritance, properties, special methods, subclasses of builtins.
class Base:
    count = 0
    def __init__(self, name):
        self.name = name
        Base.count += 1
    def hi(self):
        return "base " + self.name
    def __repr__(self):
        return "Base(%r)" % self.name

class Sub(Base):
    def hi(self):
        return "sub+" + super().hi()

s = Sub("x")
print(s.hi(), s, Base.count)  # expect: sub+base x Base('x') 1
print(isinstance(s, Base), issubclass(Sub, Base), isinstance(1, Base))  # expect: True True False

class Temperature:
    def __init__(self):
        self._value = 20
    @property
    def value(self):
        return self._value
    @value.setter
    def value(self, new):
        self._value = new
    @staticmethod
    def scale(x):
        return x * 2
    @classmethod
    def make(cls):
        return cls.__name__

t = Temperature()
t.value = 25
print(t.value, t.scale(4), Temperature.make())  # expect: 25 8 Temperature

class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)
    def __eq__(self, other):
        return self.x == other.x and self.y == other.y
    def __rmul__(self, k):
        return Vector(self.x * k, self.y * k)
    def __getitem__(self, i):
        return (self.x, self.y)[i]
    def __len__(self):
        return 2
    def __contains__(self, v):
        return v in (self.x, self.y)
    def __bool__(self):
        return self.x != 0
    def __call__(self, z):
        return self.x + z

v = 3 * (Vector(1, 2) + Vector(3, 4))
print(v[0], v[1], len(v), 18 in v, v == Vector(12, 18), bool(Vector(0, 1)), v(1))  # expect: 12 18 2 True True False 13
print(list(v) if False else "iter by getitem needs IndexError")  # expect: iter by getitem needs IndexError

class D(dict):
    def total(self):
        return sum(self.values())

d = D(a=1)
d["b"] = 2
print(d, d.total(), len(d))  # expect: {'a': 1, 'b': 2} 3 2

class MyError(Exception):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code

try:
    raise MyError("bad", 5)
except MyError as e:
    print(e, e.code)  # expect: bad 5

class Lazy:
    def __getattr__(self, name):
        return name + "!"

print(Lazy().anything)  # expect: anything!
try:
    s.missing
except AttributeError as e:
    print(e)  # expect: 'Sub' object has no attribute 'missing'

class Descriptor:
    def __get__(self, instance, owner):
        return instance.raw * 10
    def __set__(self, instance, value):
        instance.raw = value

class Device:
    reg = Descriptor()

device = Device()
device.reg = 4
print(device.reg, device.raw)  # expect: 40 4

class Many:
    pass

m = Many()
for i in range(40):
    setattr(m, "a%d" % i, i)
del m.a3
print(m.a39, hasattr(m, "a3"), m.a4)  # expect: 39 False 4
Base.hi = lambda self: "patched"
print(s.hi())  # expect: sub+patched
