# args: --virtual-time --set cpu.temperature=40
import microcontroller
import time
from microcontroller import cpu, Pin


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e))


print(cpu.frequency, cpu.voltage, len(cpu.uid), type(cpu.uid))  # expect: 125000000 None 8 <class 'bytearray'>
print(round(cpu.temperature, 1))  # expect: 39.8
print(cpu.reset_reason, microcontroller.cpus[0] is cpu, len(microcontroller.cpus))
# expect: microcontroller.ResetReason.POWER_ON True 2
error(setattr, cpu, "temperature", 3)  # expect: AttributeError("can't set attribute 'temperature'",)
print(microcontroller.RunMode.SAFE_MODE, microcontroller.ResetReason.WATCHDOG)
# expect: microcontroller.RunMode.SAFE_MODE microcontroller.ResetReason.WATCHDOG
microcontroller.on_next_reset(microcontroller.RunMode.UF2)
error(microcontroller.on_next_reset, 1)  # expect: ValueError('Invalid run_mode',)
error(Pin)  # expect: TypeError("cannot create 'Pin' instances",)

before = time.monotonic_ns()
microcontroller.delay_us(1500)
print(time.monotonic_ns() - before)  # expect: 1500000
microcontroller.disable_interrupts()
microcontroller.enable_interrupts()

nvm = microcontroller.nvm
print(len(nvm), bool(nvm), nvm[0], nvm[-1], nvm[0:3])  # expect: 4096 True 255 255 bytearray(b'\xff\xff\xff')
nvm[0] = 7
nvm[1:4] = b"abc"
nvm[4:6] = bytearray(2)
print(nvm[0:7], nvm[2])  # expect: bytearray(b'\x07abc\x00\x00\xff') 98


def store(index, value):
    nvm[index] = value


error(store, 0, 256)  # expect: ValueError('bytes must be 0-255',)
error(store, 4096, 1)  # expect: IndexError('index out of range',)
error(store, slice(0, 2), b"abc")  # expect: ValueError('Slice and value different lengths.',)
error(store, slice(0, 2), [1, 2])  # expect: NotImplementedError('array/bytes required on right side',)
error(store, slice(0, 4, 2), b"ab")
# expect: NotImplementedError('only slices with step=1 (aka None) are supported',)
import nvm as module

print(type(nvm) is module.ByteArray)  # expect: True

import microcontroller.pin

print(microcontroller.pin.GPIO29, "GPIO0" in dir(microcontroller.pin))  # expect: board.A3 True
microcontroller.reset()
print("not reached")
