# Coroutines: await, async for, async with, and a tiny event loop.


class Pause:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        received = yield self.value
        return received

    # What code of MicroPython's compiler asks for.
    __iter__ = __await__


class Manager:
    def __init__(self, name, swallows=False):
        self.name = name
        self.swallows = swallows

    async def __aenter__(self):
        await Pause("enter " + self.name)
        return self.name

    async def __aexit__(self, kind, value, traceback):
        await Pause("exit " + self.name + " " + (kind.__name__ if kind else "-"))
        return self.swallows


class Countdown:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.n == 0:
            raise StopAsyncIteration
        self.n -= 1
        return self.n


def run(coroutine):
    """Runs to the end; what it paused with, and its result or exception."""
    log = []
    value = None
    try:
        while True:
            value = coroutine.send(value)
            log.append(value)
    except StopIteration as e:
        return log, e.value
    except Exception as e:
        return log, e


async def plain():
    x = await Pause(1)
    return x + (await Pause(x + 1))


print(run(plain()))  # expect: ([1, 2], 3)


async def managed():
    async with Manager("a") as name, Manager("b"):
        await Pause(name)
    return "done"


print(run(managed()))  # expect: (['enter a', 'enter b', 'a', 'exit b -', 'exit a -'], 'done')


async def returns():
    for i in range(3):
        async with Manager(str(i)):
            if i == 0:
                continue
            if i == 1:
                return "from inside"


print(run(returns()))  # expect: (['enter 0', 'exit 0 -', 'enter 1', 'exit 1 -'], 'from inside')


async def breaks():
    while True:
        try:
            async with Manager("w"):
                break
        finally:
            await Pause("finally")
    return "out"


print(run(breaks()))  # expect: (['enter w', 'exit w -', 'finally'], 'out')


async def swallows():
    async with Manager("s", True):
        raise KeyError("lost")
    return "went on"


print(run(swallows()))  # expect: (['enter s', 'exit s KeyError'], 'went on')


async def raises():
    try:
        async with Manager("outer"):
            async with Manager("inner"):
                raise ValueError("kept")
    except ValueError as e:
        return str(e)


print(run(raises()))  # expect: (['enter outer', 'enter inner', 'exit inner ValueError', 'exit outer ValueError'], 'kept')


async def loops():
    out = []
    async for i in Countdown(3):
        out.append(i)
    else:
        out.append("else")
    async for i in Countdown(5):
        if i == 2:
            break
        out.append(i)
    return out


print(run(loops()))  # expect: ([], [2, 1, 0, 'else', 4, 3])


async def nested():
    try:
        return await plain()
    finally:
        async with Manager("f"):
            pass


print(run(nested()))  # expect: ([1, 2, 'enter f', 'exit f -'], 3)


async def catches():
    try:
        await Pause("wait")
    except ValueError as e:
        return "caught " + str(e)


c = catches()
print(c.send(None))  # expect: wait
try:
    c.throw(ValueError("thrown"))
except StopIteration as e:
    print(e.value)  # expect: caught thrown


async def closed():
    try:
        async with Manager("c"):
            await Pause("in")
    finally:
        print("closed")


c = closed()
print(c.send(None), c.send(None))  # expect: enter c in
try:
    c.close()
except RuntimeError:
    print("generator ignored GeneratorExit")
c = plain()
c.send(None)
c.close()
# expect: generator ignored GeneratorExit


# A round-robin loop.
async def worker(name, n, log):
    for i in range(n):
        log.append(name + str(i))
        await Pause(None)
    return n


def gather(*coroutines):
    ready = list(coroutines)
    total = 0
    while ready:
        c = ready.pop(0)
        try:
            c.send(None)
            ready.append(c)
        except StopIteration as e:
            total += e.value
    return total


log = []
print(gather(worker("a", 2, log), worker("b", 3, log)), log)  # expect: 5 ['a0', 'b0', 'a1', 'b1', 'b2']


async def bad():
    async with 5:
        pass


print(repr(run(bad())[1]))  # expect: AttributeError("'int' object has no attribute '__aenter__'",)
