# args: --virtual-time --part adt7410 --set adt7410.temperature=30.5 --set A0.voltage=1.65
import machine
import time
from machine import Pin, I2C, SoftI2C


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e))


print(len(machine.unique_id()), machine.freq(), machine.reset_cause() == machine.PWRON_RESET)  # expect: 8 125000000 True
machine.freq(125000000)
error(machine.freq, 1)  # expect: ValueError('cannot change frequency',)

led = Pin(13, Pin.OUT, value=1)
print(led, led.value(), led())  # expect: Pin(GPIO13, mode=OUT) 1 1
print(Pin("LED") is led, Pin("GPIO13") is led, Pin("GP13") is led, Pin(led) is led, Pin.board.LED is led, Pin.cpu.GPIO13 is led)
# expect: True True True True True True
led.off()
led.toggle()
led.low()
led.high()
led.value(0)
led(1)
print(led.value())  # expect: 1
button = Pin(7, Pin.IN, Pin.PULL_UP)
print(button, button.value())  # expect: Pin(GPIO7, mode=IN, pull=PULL_UP) 1
button.init(pull=Pin.PULL_DOWN)
print(button.value())  # expect: 0
drain = Pin(8, Pin.OPEN_DRAIN)
print(drain)  # expect: Pin(GPIO8, mode=OPEN_DRAIN)
error(Pin, 99)  # expect: ValueError('invalid pin',)
error(Pin, "X1")  # expect: ValueError('unknown named pin "X1"',)
error(Pin)  # expect: TypeError('function missing 1 required positional arguments',)
error(Pin, 5, 77)  # expect: ValueError('invalid pin mode',)
print(Pin.IN, Pin.OUT, Pin.PULL_UP, Pin.IRQ_FALLING | Pin.IRQ_RISING)  # expect: 0 1 1 12

# Interrupts: here a pin that the program itself moves.
log = []
led.irq(lambda pin: log.append((pin is led, pin())), Pin.IRQ_FALLING)
led.off()
led.on()
led.off()
for i in range(3):
    pass
print(log)  # expect: [(True, 0), (True, 0)]
state = machine.disable_irq()
led.on()
led.off()
for i in range(3):
    pass
print(len(log), state)  # expect: 2 1
machine.enable_irq(state)
time.sleep_ms(1)
print(len(log))  # expect: 3


def broken(pin):
    raise ValueError("in the handler")


led.irq(handler=broken, trigger=Pin.IRQ_RISING)
led.on()
time.sleep_ms(1)
# expect: Traceback (most recent call last):
# expect:   File "machine_module.py", line 62, in broken
# expect: ValueError: in the handler
led.irq(None)
led.off()
led.on()
error(led.irq, 5)  # expect: ValueError('handler must be None or callable',)

i2c = I2C(1, scl=Pin(3), sda=Pin(2), freq=100000)
print(i2c)  # expect: I2C(1, freq=100000, scl=3, sda=2, timeout=50000)
print(i2c.scan(), I2C(1).scan())  # expect: [72] [72]
print(i2c.writeto(0x48, b"\x0b"), i2c.readfrom(0x48, 1))  # expect: 1 b'\xcb'
print(i2c.readfrom_mem(0x48, 0x0B, 1), i2c.writevto(0x48, [b"\x0b", b""]))  # expect: b'\xcb' 1
i2c.writeto_mem(0x48, 0x0A, bytes([3]))
data = bytearray(1)
i2c.readfrom_mem_into(0x48, 0x0A, data)
print(data)  # expect: bytearray(b'\x03')
error(i2c.readfrom, 0x10, 1)  # expect: OSError(5,)
error(I2C, 2)  # expect: ValueError("I2C(2) doesn't exist",)
error(I2C, 0, scl=Pin(3), sda=Pin(2))  # expect: ValueError('bad SCL pin',)
error(I2C, 1, scl=Pin(3), sda=Pin(4))  # expect: ValueError('bad SDA pin',)
soft = SoftI2C(Pin(3), Pin(2))
print(soft.scan(), soft.readfrom_mem(0x48, 0x0B, 1))  # expect: [72] b'\xcb'
error(soft.writeto, 0x10, b"")  # expect: OSError(19,)
error(I2C.scan, 5)  # expect: TypeError("argument should be a 'I2C' not a 'int'",)

adc = machine.ADC(Pin(26))
print(adc.read_u16(), machine.ADC(0).read_u16(), machine.ADC(machine.ADC.CORE_TEMP).read_u16())
# expect: 32776 32776 14019
error(machine.ADC, 5)  # expect: ValueError("Pin doesn't have ADC capabilities",)
rtc = machine.RTC()
rtc.datetime((2024, 2, 29, 0, 12, 34, 56, 0))
print(rtc.datetime(), time.time())  # expect: (2024, 2, 29, 3, 12, 34, 56, 0) 1709210096
rtc.datetime((2000, 1, 1, 5, 0, 0, 0, 0))
print(rtc.datetime())  # expect: (2000, 1, 1, 5, 0, 0, 0, 0)
machine.lightsleep(5)
machine.idle()
machine.soft_reset()
print("not reached")
