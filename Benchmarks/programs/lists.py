def sieve(n):
    flags = [True] * n
    found = []
    for i in range(2, n):
        if flags[i]:
            found.append(i)
            for j in range(i * i, n, i):
                flags[j] = False
    return len(found)

print([sieve(20000) for _ in range(75)][-1])
