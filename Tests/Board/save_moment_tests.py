"""Saves at awkward moments (the program ends, boot.py runs, somebody is at the prompt): none is lost, none runs twice."""
import os
import re
import time

from board import OUTPUT, Board, expect

SETTLED_SECONDS = 0.45
RAN = re.compile(OUTPUT + r"\r?\nran (\d+)\r?\n")


def program(number):
    return f"print('ran {number}')\n"


def test_saves_while_the_program_ends(context):
    """Short programs, saved again at every moment from their first output on, a millisecond apart."""
    with Board(context) as board:
        board.run_code(program(0), "ran 0")
        time.sleep(SETTLED_SECONDS)
        for number in range(1, 31):
            first, second = 2 * number - 1, 2 * number
            before, runs = len(board.log()), board.runs()
            board.save(program(first))
            board.wait(lambda: f"ran {first}\n" in board.log()[before:], "the first save's run")
            time.sleep(number / 1000)
            board.save(program(second))
            board.wait(lambda: f"ran {second}\n" in board.log()[before:], "the second save's run")
            time.sleep(SETTLED_SECONDS)
            ran = RAN.findall(board.log()[before:])
            expect(ran == [str(first), str(second)] and board.runs() - runs == 2, f"{number} ms: {ran}; {board.notes()[-500:]}")
    return "30 moments"


def test_saves_while_boot_py_runs(context):
    with Board(context) as board:
        board.save("import time\nprint('boot begins')\ntime.sleep(1.5)\nprint('boot ends')\n", "boot.py")
        board.run_code(program(1), "ran 1")
        for number, wait in enumerate((0.1, 0.7, 1.3, 1.45, 1.49, 1.5, 1.51), 2):
            time.sleep(SETTLED_SECONDS)
            before = len(board.log())
            board.command("reset", board.drive)
            board.wait(lambda: "boot begins" in board.log()[before:], "boot.py")
            time.sleep(wait)
            board.save(program(number))
            board.wait(lambda: f"ran {number}\n" in board.log()[before:], "the saved program")
            time.sleep(SETTLED_SECONDS)
            ran = RAN.findall(board.log()[before:])
            # A save after the end of boot.py may find the old program running already.
            expect(ran == [str(number)] or wait > 1.4 and ran == [str(number - 1), str(number)], f"{wait} s: {ran}; {board.notes()[-400:]}")


def test_saves_at_the_prompt_run_when_it_is_left(context):
    with Board(context) as board:
        board.run_code(program(0), "Code done running")
        port = os.open(board.serial, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            for number, wait in enumerate((0.5, 0.02, 0.004, 0.0), 1):
                before = len(board.log())
                os.write(port, b"\x03")
                board.wait(lambda: ">>> " in board.log()[before:], "the prompt")
                time.sleep(SETTLED_SECONDS)
                runs = board.runs()
                board.save(program(number))
                time.sleep(wait)
                if wait >= SETTLED_SECONDS:
                    expect(board.runs() == runs, "a save at the prompt ran")
                os.write(port, b"\x04")
                board.wait(lambda: f"ran {number}\n" in board.log()[before:], "the saved program")
                time.sleep(SETTLED_SECONDS)
                ran = RAN.findall(board.log()[before:])
                expect(ran == [str(number)] and board.runs() - runs == 1, f"{wait} s: {ran}; {board.notes()[-400:]}")
        finally:
            os.close(port)


def test_status_says_who_may_write(context):
    with Board(context) as board:
        expect("writes:  the computer (code may not: the drive is mounted there" in board.command("status", board.drive), "computer")
        board.save("import storage\nstorage.remount('/', readonly=False)\n", "boot.py")
        board.command("reset", board.drive)
        board.wait(lambda: "writes:  code (storage.remount in boot.py" in board.command("status", board.drive), "code to be named")
    with Board(context, "--shared-write") as board:
        expect("writes:  both, the computer and code (--shared-write)" in board.command("status", board.drive), "both")
