def run():
    total = 0
    for i in range(900):
        j = 0
        while j < 10000:
            total = (total + i * j) % 1000003
            j += 1
    return total

print(run())
