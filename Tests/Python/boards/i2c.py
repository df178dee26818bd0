# args: --virtual-time --part adt7410 --set adt7410.temperature=30.5
import board
import busio
import time


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e), e)


i2c = busio.I2C(board.SCL, board.SDA, frequency=400000)
buffer = bytearray(4)
error(i2c.scan)  # expect: RuntimeError('Function requires lock',) Function requires lock
error(i2c.writeto, 0x48, b"")  # expect: RuntimeError('Function requires lock',) Function requires lock
print(i2c.try_lock(), i2c.try_lock())  # expect: True False
print(i2c.scan(), i2c.probe(0x48), i2c.probe(0x10), i2c.probe(500))  # expect: [72] True False False

i2c.writeto_then_readfrom(0x48, b"\x0b", buffer, in_end=1)
print(buffer)  # expect: bytearray(b'\xcb\x00\x00\x00')
i2c.writeto_then_readfrom(0x48, bytes([9, 0, 9]), buffer, out_start=1, out_end=2, in_start=-2)
print(buffer)  # expect: bytearray(b'\xcb\x00\x0f@')
i2c.writeto(0x48, b"..\x0b", start=2)
i2c.readfrom_into(0x48, buffer, start=3)
print(buffer)  # expect: bytearray(b'\xcb\x00\x0f\xcb')
error(i2c.writeto, 0x10, b"x")  # expect: OSError(19,) [Errno 19] No such device
error(i2c.readfrom_into, 0x10, buffer)  # expect: OSError(19,) [Errno 19] No such device
error(i2c.writeto_then_readfrom, 0x10, b"", buffer)  # expect: OSError(19,) [Errno 19] No such device
error(i2c.readfrom_into, 0x48, bytearray(0))  # expect: ValueError('buffer length must be >= 1',) buffer length must be >= 1
error(i2c.readfrom_into, 0x48, buffer, start=4)  # expect: ValueError('buffer length must be >= 1',) buffer length must be >= 1
error(i2c.readfrom_into, 0x48, b"abc")  # expect: TypeError('object with buffer protocol required',) object with buffer protocol required
error(i2c.readfrom_into, 0x48)  # expect: TypeError("'buffer' argument required",) 'buffer' argument required
error(i2c.writeto, 0x48, b"", begin=1)  # expect: TypeError('extra keyword arguments given',) extra keyword arguments given

# Transfers take time: address and two bytes at 400 kHz, 27 bits and start and stop.
before = time.monotonic_ns()
i2c.writeto(0x48, b"\x0b\x00")
print(time.monotonic_ns() - before)  # expect: 72500
i2c.unlock()
i2c.unlock()
error(i2c.scan)  # expect: RuntimeError('Function requires lock',) Function requires lock

error(busio.I2C, board.SCL, board.SDA)  # expect: ValueError('SCL in use',) SCL in use
i2c.deinit()
error(i2c.try_lock)
# expect: ValueError('Object has been deinitialized and can no longer be used. Create a new object.',) Object has been deinitialized and can no longer be used. Create a new object.
error(busio.I2C, board.SDA, board.SCL)  # expect: ValueError('Invalid pins',) Invalid pins
error(busio.I2C, board.D5, board.D4)
# expect: RuntimeError('No pull up found on SDA or SCL; check your wiring',) No pull up found on SDA or SCL; check your wiring
error(busio.I2C, 1, 2)  # expect: TypeError('scl must be of type Pin, not int',) scl must be of type Pin, not int
error(busio.I2C, board.SCL)  # expect: TypeError("'sda' argument required",) 'sda' argument required
error(busio.I2C, board.SCL, board.SDA, frequency=2000000)
# expect: ValueError('frequency must be <= 1000000',) frequency must be <= 1000000

a = board.I2C()
print(a is board.I2C(), a is board.STEMMA_I2C(), type(a) is busio.I2C)  # expect: True True True
a.deinit()
with board.I2C() as b:
    print(a is b, b.try_lock())  # expect: False True

# A bus that nobody can reach any more gives its pins back.
import gc


def forget():
    busio.I2C(board.SCL, board.SDA)


forget()
gc.collect()
busio.I2C(board.SCL, board.SDA).deinit()


class Bus(busio.I2C):
    def __init__(self):
        super().__init__(board.SCL, board.SDA)

    def whoami(self):
        answer = bytearray(1)
        self.writeto_then_readfrom(0x48, b"\x0b", answer)
        return answer[0]


with Bus() as bus:
    bus.try_lock()
    print(hex(bus.whoami()))  # expect: 0xcb
