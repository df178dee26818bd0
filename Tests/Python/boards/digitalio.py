# args: --virtual-time --set D5.level=low
import board
import digitalio
import microcontroller


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e))


print(board.board_id)  # expect: adafruit_feather_rp2040
print(board.SCL, board.D9, repr(microcontroller.pin.GPIO21))  # expect: board.SCL board.D9 microcontroller.pin.GPIO21
print(microcontroller.pin.GPIO3 is board.SCL)  # expect: True
print(type(board.D9) is microcontroller.Pin, board.D9 == board.D9)  # expect: True True

print(digitalio.Direction.INPUT, repr(digitalio.Direction.OUTPUT))
# expect: digitalio.Direction.INPUT digitalio.Direction.OUTPUT
print(digitalio.Pull.UP, digitalio.Pull.DOWN)  # expect: digitalio.Pull.UP digitalio.Pull.DOWN
print(digitalio.DriveMode.PUSH_PULL, digitalio.DriveMode.OPEN_DRAIN)
# expect: digitalio.DriveMode.PUSH_PULL digitalio.DriveMode.OPEN_DRAIN

led = digitalio.DigitalInOut(board.D13)
print(led.direction, led.pull, led.value)  # expect: digitalio.Direction.INPUT None False
error(setattr, led, "value", True)  # expect: AttributeError('Cannot set value when direction is input.',)
error(getattr, led, "drive_mode")  # expect: AttributeError('Drive mode not used when direction is input.',)
led.direction = digitalio.Direction.OUTPUT
led.value = 1
print(led.value, led.direction, led.drive_mode)
# expect: True digitalio.Direction.OUTPUT digitalio.DriveMode.PUSH_PULL
led.drive_mode = digitalio.DriveMode.OPEN_DRAIN
print(led.drive_mode)  # expect: digitalio.DriveMode.OPEN_DRAIN
error(getattr, led, "pull")  # expect: AttributeError('Pull not used when direction is output.',)
error(setattr, led, "direction", 1)  # expect: ValueError('Invalid direction',)
error(setattr, led, "nonsense", 1)  # expect: AttributeError("'DigitalInOut' object has no attribute 'nonsense'",)
error(digitalio.DigitalInOut, board.LED)  # expect: ValueError('LED in use',)
error(digitalio.DigitalInOut, 13)  # expect: TypeError('pin must be of type Pin, not int',)
error(digitalio.DigitalInOut)  # expect: TypeError('function takes 1 positional arguments but 0 were given',)
error(digitalio.DigitalInOut.switch_to_output, 5)
# expect: TypeError("argument should be a 'DigitalInOut' not a 'int'",)
led.switch_to_input(pull=digitalio.Pull.UP)
print(led.value, led.pull)  # expect: True digitalio.Pull.UP
led.pull = digitalio.Pull.DOWN
print(led.value, led.pull)  # expect: False digitalio.Pull.DOWN
error(setattr, led, "pull", 3)  # expect: TypeError('pull must be of type Pull or None, not int',)
led.switch_to_output(True, digitalio.DriveMode.PUSH_PULL)
print(led.value)  # expect: True
error(led.switch_to_output, colour=1)  # expect: TypeError('extra keyword arguments given',)
led.deinit()
led.deinit()
error(getattr, led, "value")
# expect: ValueError('Object has been deinitialized and can no longer be used. Create a new object.',)

# What is outside wins over the chip's pull.
with digitalio.DigitalInOut(board.D5) as button:
    button.switch_to_input(pull=digitalio.Pull.UP)
    print(button.value)  # expect: False
with digitalio.DigitalInOut(board.D6) as button:
    button.switch_to_input(pull=digitalio.Pull.UP)
    print(button.value)  # expect: True


class Lamp(digitalio.DigitalInOut):
    def __init__(self, pin):
        error(getattr, self, "value")
        # expect: RuntimeError('super().__init__() must be called before using the native object',)
        super().__init__(pin)
        self.switch_to_output()
        self.uses = 0

    def flip(self):
        self.value = not self.value
        self.uses += 1


lamp = Lamp(board.D13)
lamp.flip()
print(lamp.value, lamp.uses, isinstance(lamp, digitalio.DigitalInOut))  # expect: True 1 True
lamp.deinit()
digitalio.DigitalInOut(board.D13).deinit()
