def run():
    counts = {}
    words = ["w%d" % (i % 211) for i in range(1000)]
    for _ in range(750):
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    squares = {}
    for i in range(750000):
        squares[i % 64] = i
    return sum(counts.values()) + len(squares)

print(run())
