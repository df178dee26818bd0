# try/finally with everything that can pass through it, with blocks, loops with else.
def through_finally():
    for i in range(5):
        try:
            if i == 2:
                return i
            continue
        finally:
            print("finally", i)

print(through_finally())
# expect: finally 0
# expect: finally 1
# expect: finally 2
# expect: 2

class Context:
    def __init__(self, swallow):
        self.swallow = swallow
    def __enter__(self):
        return "entered"
    def __exit__(self, kind, value, traceback):
        print("exit", kind)
        return self.swallow

with Context(True) as c:
    print(c)  # expect: entered
    raise KeyError(1)
# expect: exit <class 'KeyError'>

def returns_from_with():
    with Context(False):
        with Context(False):
            return "value"

print(returns_from_with())
# expect: exit None
# expect: exit None
# expect: value

def break_in_with():
    for i in range(3):
        with Context(False):
            break
    else:
        print("not here")
    return i

print(break_in_with())
# expect: exit None
# expect: 0

for i in range(2):
    pass
else:
    print("else", i)  # expect: else 1

try:
    try:
        1 // 0
    except ZeroDivisionError as e:
        raise ValueError("second") from e
except ValueError as e:
    print(e, repr(e.__cause__))  # expect: second ZeroDivisionError('division by zero',)

try:
    raise
except RuntimeError as e:
    print(e)  # expect: no active exception to reraise

def nested():
    try:
        try:
            return "inner"
        finally:
            print("one")
    finally:
        print("two")

print(nested())
# expect: one
# expect: two
# expect: inner
a, *b, c2 = range(5)
print(a, b, c2)  # expect: 0 [1, 2, 3] 4
x = 3
print(1 < x < 5, 5 < x < 1)  # expect: True False
i = 0
while True:
    i += 1
    if i > 3:
        break
print(i)  # expect: 4
