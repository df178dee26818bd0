# args: --virtual-time --board trinket_m0
import board
import microcontroller
import os
import sys


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e))


print(board.board_id, sys.platform)  # expect: trinket_m0 Atmel SAMD21
print(os.uname().machine)  # expect: Adafruit Trinket M0 with samd21e18
print(board.D13, microcontroller.pin.PA10)  # expect: board.LED board.LED
print(len(microcontroller.nvm), microcontroller.watchdog, hasattr(microcontroller, "cpus"))  # expect: 256 None False
print(hasattr(board, "STEMMA_I2C"), hasattr(board, "NEOPIXEL"))  # expect: False False
error(board.I2C)  # expect: RuntimeError('No pull up found on SDA or SCL; check your wiring',)
try:
    import keypad
except ImportError as e:
    print(e)  # expect: no module named 'keypad'
