# Small modules: zlib, warnings, locale, codeop, select, __future__; atexit ends the program (last registered first).
from __future__ import annotations
import atexit, codeop, locale, select, sys, warnings, zlib

print(zlib.decompress(b'x\xda\xcbH\xcd\xc9\xc9\xd7Q\xc8\xc0\xa4\x00|\x16\t5'))  # expect: b'hello, hello, hello, hello'
print(zlib.decompress(b'\xcbH\xcd\xc9\xc9\xd7Q\xc8\xc0\xa4\x00', -15))  # expect: b'hello, hello, hello, hello'
print(zlib.decompress(b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcbH\xcd\xc9\xc9\xd7Q\xc8\xc0\xa4\x00U\xa3\x82w\x1a\x00\x00\x00', 31))  # expect: b'hello, hello, hello, hello'
print(zlib.decompress(b'\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\x03name\x00\xcbH\xcd\xc9\xc9\xd7Q\xc8\xc0\xa4\x00U\xa3\x82w\x1a\x00\x00\x00', 31))  # expect: b'hello, hello, hello, hello'
print(zlib.decompress(b"x\x01\x01\x03\x00\xfc\xffabc\x02M\x01'"))  # expect: b'abc'
text = " ".join(str(i * i % 97) for i in range(120))
print(zlib.decompress(b'x\xda\xa5\x90\x89\rD!\x08\x05[\x99\x12>\xa0\xa8\xfd7\xb6\xa3-lb\x8c\xc7;\xf9\x08\x06\x87hrR\xcd8\xf4`\x07E\x0e\xc6b%I\x05\x9d\x1c\x11\xc5\xfa\x88d\x16G\xb4\\\x05<\x0f\xe6\xc7\xa6\'\xb9\xd8\x9b9\xc8d\xab\xa6\xd4$\x82\xdd\xb4\x8cM%!\x92S\xec\xc9:,\xf7z\xeb]}\xf4\xab/H\xa8\x04i\x92\xe3\t)\xa7\xa8\xd2\x1ah\xa3\x99\x96\xfb\x9a\x1b\xe1\x06\x89\x17\xaao@c\x1a\xd6\xc8\x06\xefW"o\x1dKY\xadnI\xabZ\xb8^yGp\x9cE\xf0\xfd5\x93\x1f\xb3Y;\xde') == text.encode())  # expect: True
for bad in (b'', b'x', b'x\xda\xcbH\xcd\xc9\xc9\xd7Q\xc8\xc0\xa4', b'x\xda\xcbH\xcd\xc9\xc9\xd7Q\xc8\xc0\xa4\x00|\x16\t4', b'x\x9c\xff\xff'):
    try:
        zlib.decompress(bad)
    except ValueError as e:
        print(e)
# expect: -3
# expect: -3
# expect: -3
# expect: -4
# expect: -3
print(locale.getlocale())  # expect: ('en_US', 'utf-8')
warnings.warn("old")  # expect: Warning: old
warnings.warn("older", FutureWarning)  # expect: FutureWarning: older
warnings.simplefilter("ignore")
warnings.warn("old")
warnings.simplefilter("error")
try:
    warnings.warn("bad")
except Warning as e:
    print(repr(e))  # expect: Warning('bad',)
print(codeop.compile_command("if True:"), codeop.compile_command("x = (1,"))  # expect: None None
exec(codeop.compile_command("print(6 * 7)"))  # expect: 42
try:
    codeop.compile_command("x = = 1")
except SyntaxError as e:
    print(e)  # expect: invalid syntax

poll = select.poll()
poll.register(sys.stdout, select.POLLOUT)
print([event for _, event in poll.poll(0)], [event for _, event in poll.ipoll(0)])  # expect: [4] [4]
poll.modify(sys.stdout, select.POLLIN)
poll.unregister(sys.stdin)
print(len(select.select([], [sys.stdout], [], 0)[1]))  # expect: 1
try:
    poll.modify(sys.stdin, 1)
except OSError as e:
    print(e.errno)  # expect: 2
try:
    poll.register(3)
except OSError as e:
    print(e)  # expect: stream operation not supported


class Stream:
    def __init__(self):
        self.asked = 0

    def ioctl(self, request, argument):
        self.asked += 1
        return 1 if self.asked > 3 else 0


poll.register(Stream(), select.POLLIN)
print(poll.poll()[0][1], poll.poll(1, 1)[0][1], poll.poll(5))  # expect: 1 1 []


@atexit.register
def first():
    print("first")


def other(*args, **kw):
    print("other", args, kw)
    raise ValueError("in callback")


atexit.register(other, 1, k=2)
atexit.register(print, "never")
atexit.unregister(print)
atexit.register(print, "last", "one", sep="-")
print(callable(first))  # expect: True
sys.exit(3)
# expect: last-one
# expect: other (1,) {'k': 2}
# expect: Traceback (most recent call last):
# expect:   File "small.py", line 75, in other
# expect: ValueError: in callback
# expect: first
# exit: 1
