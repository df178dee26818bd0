# args: --virtual-time --part adt7410
import board
from adafruit_bus_device import i2c_device
from adafruit_bus_device.i2c_device import I2CDevice
from adafruit_bus_device.spi_device import SPIDevice
import adafruit_bus_device
import digitalio


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e))


print(i2c_device.I2CDevice is I2CDevice, adafruit_bus_device.spi_device.SPIDevice is SPIDevice)  # expect: True True
i2c = board.I2C()
device = I2CDevice(i2c, 0x48)
answer = bytearray(2)
with device as d:
    print(d is device)  # expect: True
    print(i2c.try_lock())  # expect: False
    device.write(b"\x0b")
    device.readinto(answer, start=1)
    print(answer)  # expect: bytearray(b'\x00\xcb')
    device.write_then_readinto(bytes([1, 0x0B]), answer, out_start=1, in_end=1)
    print(answer)  # expect: bytearray(b'\xcb\xcb')
print(i2c.try_lock())  # expect: True
i2c.unlock()
error(I2CDevice, i2c, 0x49)  # expect: ValueError('No I2C device at address: 0x49',)
print(i2c.try_lock())  # expect: True
i2c.unlock()
absent = I2CDevice(i2c, 0x49, probe=False)
with absent:
    error(absent.write, b"a")  # expect: OSError(19,)


# Anything with the methods of a bus will do.
class Log:
    def __init__(self, has_lock=True):
        self.refusals = 2

    def try_lock(self):
        self.refusals -= 1
        return self.refusals < 0

    def unlock(self):
        print("unlock")

    def writeto(self, address, buffer, **keywords):
        print("writeto", hex(address), bytes(buffer), sorted(keywords.items()))
        if address == 0x20:
            raise OSError(19)

    def readfrom_into(self, address, buffer, **keywords):
        print("readfrom_into", hex(address), len(buffer), sorted(keywords.items()))
        if address == 0x20:
            raise OSError(19)

    def writeto_then_readfrom(self, address, out, into, **keywords):
        print("both", hex(address), bytes(out), len(into), sorted(keywords.items()))

    def configure(self, **keywords):
        print(sorted(keywords.items()))

    def write(self, buffer):
        print("write", bytes(buffer))


device = I2CDevice(Log(), 0x21)
# expect: writeto 0x21 b'' []
# expect: unlock
device.write(b"12", end=1)  # expect: writeto 0x21 b'12' [('end', 1), ('start', 0)]
device.readinto(bytearray(3))  # expect: readfrom_into 0x21 3 [('start', 0)]
device.write_then_readinto(b"1", bytearray(1), in_end=1)
# expect: both 0x21 b'1' 1 [('in_end', 1), ('in_start', 0), ('out_start', 0)]
error(I2CDevice, Log(), 0x20)
# expect: writeto 0x20 b'' []
# expect: readfrom_into 0x20 1 []
# expect: unlock
# expect: ValueError('No I2C device at address: 0x20',)
error(I2CDevice, 5, 0x20)  # expect: AttributeError("'int' object has no attribute 'try_lock'",)

select = digitalio.DigitalInOut(board.D10)
spi = SPIDevice(Log(), select, baudrate=1000000, extra_clocks=9)
print(select.value)  # expect: True
with spi as bus:
    # expect: [('baudrate', 1000000), ('bits', 8), ('phase', 0), ('polarity', 0)]
    print(select.value, type(bus))  # expect: False <class 'Log'>
# expect: write b'\xff'
# expect: write b'\xff'
# expect: unlock
print(select.value)  # expect: True
error(SPIDevice, Log(), 5)  # expect: TypeError('chip_select must be of type DigitalInOut or None, not int',)


class Register(I2CDevice):
    def __init__(self, bus):
        super().__init__(bus, 0x48, probe=False)

    def whoami(self):
        answer = bytearray(1)
        with self:
            self.write_then_readinto(b"\x0b", answer)
        return answer[0]


print(hex(Register(i2c).whoami()))  # expect: 0xcb
