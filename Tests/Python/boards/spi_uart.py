# args: --virtual-time --set MISO.level=high
import board
import busio
import neopixel_write
import digitalio
import time


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e))


spi = busio.SPI(board.SCK, board.MOSI, board.MISO)
error(spi.write, b"a")  # expect: RuntimeError('Function requires lock',)
print(spi.try_lock(), spi.try_lock())  # expect: True False
spi.configure(baudrate=1000000, polarity=1, phase=1)
print(spi.frequency)  # expect: 992063
spi.configure(baudrate=24000000)
print(spi.frequency)  # expect: 20833333
spi.configure(baudrate=1000000)
before = time.monotonic_ns()
spi.write(bytes(10))
print(time.monotonic_ns() - before)  # expect: 80640
data = bytearray(4)
spi.readinto(data, start=1, end=3, write_value=0x55)
print(data)  # expect: bytearray(b'\x00\xff\xff\x00')
spi.write_readinto(b"123", data, out_start=1, in_start=2)
print(data)  # expect: bytearray(b'\x00\xff\xff\xff')
error(spi.write_readinto, b"123", data)  # expect: ValueError('buffer slices must be of equal length',)
error(spi.configure, polarity=2)  # expect: ValueError('polarity must be 0-1',)
error(spi.configure, 5)  # expect: TypeError('extra positional arguments given',)
error(busio.SPI, board.SCK)  # expect: ValueError('SCK in use',)
spi.deinit()
print(spi.try_lock())  # expect: False
error(spi.unlock)
# expect: ValueError('Object has been deinitialized and can no longer be used. Create a new object.',)
error(busio.SPI, board.SCK)  # expect: ValueError('Must provide MISO or MOSI pin',)
error(busio.SPI, board.SCK, board.D6)  # expect: ValueError('Invalid pins',)
error(busio.SPI, board.SCK, board.MOSI, half_duplex=True)  # expect: NotImplementedError('half_duplex',)
print(board.SPI() is board.SPI())  # expect: True

uart = busio.UART(board.TX, board.RX, baudrate=115200, timeout=0.25)
print(uart.baudrate, uart.timeout, uart.in_waiting)  # expect: 115200 0.25 0
before = time.monotonic_ns()
print(uart.read(3), uart.readline(), uart.readinto(data))  # expect: None None None
print(time.monotonic_ns() - before)  # expect: 750000000
before = time.monotonic_ns()
print(uart.write(b"0123456789"), uart.write("abc"))  # expect: 10 3
print(time.monotonic_ns() - before)  # expect: 1128471
uart.timeout = 0
print(uart.read(), list(uart))  # expect: None []
uart.reset_input_buffer()
error(setattr, uart, "timeout", 101)  # expect: ValueError('timeout must be 0-100',)
print(busio.UART.Parity.ODD, busio.UART.Parity.EVEN)  # expect: busio.UART.Parity.ODD busio.UART.Parity.EVEN
error(board.UART)  # expect: ValueError('D1 in use',)
uart.deinit()
error(uart.read)
# expect: ValueError('Object has been deinitialized and can no longer be used. Create a new object.',)
error(busio.UART)  # expect: ValueError('tx and rx cannot both be None',)
error(busio.UART, board.TX, board.RX, bits=4)  # expect: ValueError('bits must be 5-9',)
error(busio.UART, board.RX, board.TX)  # expect: ValueError('Invalid pins',)
sender = busio.UART(board.TX)
error(sender.read, 1)  # expect: ValueError('No rx pin',)

with digitalio.DigitalInOut(board.NEOPIXEL) as pin:
    pin.switch_to_output()
    before = time.monotonic_ns()
    neopixel_write.neopixel_write(pin, bytes(12))
    print(time.monotonic_ns() - before)  # expect: 120000
    error(neopixel_write.neopixel_write, 5, b"")
    # expect: TypeError('digitalinout must be of type DigitalInOut, not int',)
error(neopixel_write.neopixel_write, pin, b"")
# expect: ValueError('Object has been deinitialized and can no longer be used. Create a new object.',)
