def run():
    a, b = 0, 1
    for _ in range(3000):
        a, b = b, a + b
    f = 1
    for i in range(1, 400):
        f *= i
    return (a * b) % 1000000007 + len(str(f)) + pow(3, 10**40, 10**30 + 7) % 97

for _ in range(60):
    r = run()
print(r)
