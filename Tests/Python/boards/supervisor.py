# args: --virtual-time
import supervisor
import time
from supervisor import runtime


def error(f, *args, **keywords):
    try:
        print(f(*args, **keywords))
    except Exception as e:
        print(repr(e))


print(runtime.run_reason, runtime.safe_mode_reason)
# expect: supervisor.RunReason.STARTUP supervisor.SafeModeReason.NONE
print(supervisor.RunReason.REPL_RELOAD, runtime.run_reason is supervisor.RunReason.STARTUP)
# expect: supervisor.RunReason.REPL_RELOAD True
print(runtime.autoreload, runtime.usb_connected, runtime.display, runtime.ble_workflow)  # expect: False False None False
runtime.autoreload = True
print(runtime.autoreload)  # expect: True
runtime.rgb_status_brightness = 10
print(runtime.rgb_status_brightness)  # expect: 10
error(setattr, runtime, "rgb_status_brightness", 256)  # expect: ValueError('brightness must be 0-255',)
error(setattr, runtime, "run_reason", 1)  # expect: AttributeError("can't set attribute 'run_reason'",)
print(supervisor.ticks_ms())  # expect: 536805376
time.sleep(65.536)
print(supervisor.ticks_ms())  # expect: 0
print(supervisor.get_previous_traceback())  # expect: None
error(supervisor.set_next_code_file, "missing.py")  # expect: ValueError('File not found',)
error(supervisor.set_next_code_file, 5)  # expect: TypeError('filename must be of type str or None, not int',)
supervisor.set_next_code_file(None, reload_on_error=True)
error(supervisor.set_usb_identification, "x" * 127)  # expect: ValueError('manufacturer length must be 0-126',)
error(supervisor.set_usb_identification, vid=70000)  # expect: ValueError('vid must be -1-65535',)
print(supervisor.get_setting("ANYTHING", 3), supervisor.get_setting("ANYTHING"))  # expect: 3 None
try:
    supervisor.reload()
finally:
    print("reloads")  # expect: reloads
print("not reached")
