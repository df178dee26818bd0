def run():
    counts = {}
    words = ["w%d" % (i % 211) for i in range(1000)]
    for _ in range(150):
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    squares = {}
    for i in range(150000):
        squares[i % 64] = i
    return sum(counts.values()) + len(squares)

print(run())
