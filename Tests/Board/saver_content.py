"""The two files that the saver tests save: a program and the module that it imports, in versions that differ in six digits only.

Both have the same size, so that a recording fits either. Every part of a file carries its version: a file put together from two
versions, or half a file, shows itself."""
SIZE_BYTES = 6400
LINE_BYTES = 32
FILES = ("helper.py", "code.py")

PROGRAM = """FIRST = '{token}'
import sys, time
import helper
def parts(module): return (module.FIRST, module.MIDDLE, module.LAST)
def main():
    print('saved', FIRST, MIDDLE, LAST, *parts(helper))
    while True:
        time.sleep(0.01)
        del sys.modules['helper']
        try:
            again = __import__('helper')
            if len(set(parts(again))) != 1: print('torn', parts(again))
        except BaseException as error:
            if isinstance(error, (ImportError, SyntaxError, AttributeError, OSError)): print('torn', repr(error))
            else: raise
"""


def content(name, token):
    """The file `name` in version `token`, six digits."""
    head = PROGRAM.format(token=token) if name == "code.py" else f"FIRST = '{token}'\n"
    tail = f"LAST = '{token}'\n" + ("main()\n" if name == "code.py" else "")
    room = SIZE_BYTES - len(head) - len(tail)
    # Each line is another: a recording tells parts of the content by their bytes.
    lines = [f"MIDDLE = '{token}' #{number}".ljust(LINE_BYTES - 1, "#") + "\n" for number in range(room // LINE_BYTES)]
    filler = "#" * (room % LINE_BYTES - 1) + "\n" if room % LINE_BYTES else ""
    return (head + "".join(lines) + filler + tail).encode()
