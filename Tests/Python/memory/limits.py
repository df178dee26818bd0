# args: --heap 20K
# Memory is as small as the board's; costs are the board's.
import gc

floats = big = grown = garbage = text = None
i = n = before = 0
gc.collect()
before = gc.mem_alloc()
floats = [1.5 * i for i in range(10)]
gc.collect()
print(gc.mem_alloc() - before)  # expect: 80
try:
    big = [0] * 100000
except MemoryError as e:
    print(e)  # expect: memory allocation failed, allocating 400000 bytes
grown = []
try:
    while True:
        grown.append(len(grown))
except MemoryError:
    n = len(grown)
    grown = None
print(n > 1000)  # expect: True
for i in range(10000):
    garbage = [i, i + 1]
print(garbage)  # expect: [9999, 10000]
text = ""
try:
    while True:
        text += "0123456789abcdef"
except MemoryError as e:
    n = len(text)
    text = None
print(n > 4000)  # expect: True
gc.collect()
print(gc.mem_free() > 10000)  # expect: True
