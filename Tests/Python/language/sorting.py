# The board's sort is a quicksort: equal items do not keep their order, but come out in its own.
pairs = [(1, "a"), (0, "b"), (1, "c"), (0, "d"), (1, "e"), (2, "f"), (0, "g"), (2, "h")]
print("".join(p[1] for p in sorted(pairs, key=lambda p: p[0])))  # expect: gdbecahf
print("".join(p[1] for p in sorted(pairs, key=lambda p: p[0], reverse=True)))  # expect: hfcaebgd
pairs.sort(key=lambda p: -p[0])
print("".join(p[1] for p in pairs))  # expect: hfaecgbd
print(sorted(range(200)) == list(range(200)), sorted(range(200), reverse=True)[:3], sorted("board"))  # expect: True [199, 198, 197] ['a', 'b', 'd', 'o', 'r']
words = ["pear", "fig", "apple", "kiwi", "date", "plum", "nut"]
words.sort(key=len)
print(words)  # expect: ['fig', 'nut', 'date', 'plum', 'pear', 'kiwi', 'apple']
try:
    sorted([1, "a"])
except TypeError as e:
    print(e)  # expect: unsupported types for __lt__: 'int', 'str'
try:
    [2, 1].sort(foo=1)
except TypeError as e:
    print(e)  # expect: extra keyword arguments given


class Reverse:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        return self.n > other.n


print([r.n for r in sorted(Reverse(i) for i in (3, 1, 2))])  # expect: [3, 2, 1]
big = [i * 791 % 1009 for i in range(1009)]
big.sort()
print(big == list(range(1009)))  # expect: True
big.sort()
print(big[:3], big[-1])  # expect: [0, 1, 2] 1008
