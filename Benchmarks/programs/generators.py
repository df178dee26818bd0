def numbers(n):
    for i in range(n):
        yield i

def evens(source):
    for x in source:
        if x % 2 == 0:
            yield x

def chained(n):
    yield from numbers(n)

def run():
    total = 0
    for _ in range(100):
        total += sum(x * x for x in evens(chained(10000)))
    return total

print(run())
