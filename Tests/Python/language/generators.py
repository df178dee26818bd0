# Generators, yield from, send, throw, close, coroutines.
def numbers():
    for i in range(3):
        got = yield i
        if got:
            print("got", got)
    return 7

def outer():
    result = yield from numbers()
    print("result", result)

print(list(outer()))
# expect: result 7
# expect: [0, 1, 2]

g = numbers()
next(g)
print(g.send("hello"))
# expect: got hello
# expect: 1

def closing():
    try:
        yield 1
    except GeneratorExit:
        print("closed")
        raise

c = closing()
next(c)
c.close()  # expect: closed

def catching():
    while True:
        try:
            yield "waiting"
        except ValueError as e:
            print("caught", e)

k = catching()
next(k)
print(k.throw(ValueError("boo")))
# expect: caught boo
# expect: waiting

def delegating():
    yield from catching()

d = delegating()
next(d)
print(d.throw(ValueError("inner")))
# expect: caught inner
# expect: waiting
print(sum(x * x for x in range(10)), max(y for y in [3, 1, 2]))  # expect: 285 3
print([a + b for a in "ab" for b in "cd" if b != "d"], {x: x * 2 for x in (1, 2)}, {3, 3})  # expect: ['ac', 'bc'] {2: 4, 1: 2} {3}

def bad():
    raise StopIteration
    yield

try:
    next(bad())
except RuntimeError as e:
    print(e)  # expect: generator raised StopIteration

def fib():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b

f = fib()
print([next(f) for _ in range(10)])  # expect: [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
it = zip(range(3), "abc", map(lambda x: x * x, [1, 2, 3]))
print(list(it))  # expect: [(0, 'a', 1), (1, 'b', 4), (2, 'c', 9)]
try:
    next(iter([]))
except StopIteration:
    print("stop")  # expect: stop
