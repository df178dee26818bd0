# list, tuple, dict, set, range; order of dicts and sets is the board's.
l = [3, 1, 2]
l.sort()
l.append(9)
l.insert(0, 0)
l.extend((7, 8))
print(l, l.pop(), l.index(9), l[1:3], l[::-1], sorted(l, reverse=True))  # expect: [0, 1, 2, 3, 9, 7] 8 4 [1, 2] [7, 9, 3, 2, 1, 0] [9, 7, 3, 2, 1, 0]
l[1:3] = ["x"]
del l[0]
print(l, [1, 2] == [1, 2], [1] < [2], [0] * 3, 3 in [1, 2])  # expect: ['x', 3, 9, 7] True True [0, 0, 0] False
print({"b": 1, "a": 2}, {1: "x", 2: "y", 3: "z"})  # expect: {'a': 2, 'b': 1} {3: 'z', 1: 'x', 2: 'y'}
d = {"k": 1}
d.update(z=3)
d["k"] += 1
print(d.get("k"), d.get("no"), d.pop("z"), len(d), "k" in d, list(d.items()))  # expect: 2 None 3 1 True [('k', 2)]
big = {}
for i in range(500):
    big["key%d" % i] = i
for i in range(0, 500, 2):
    del big["key%d" % i]
print(len(big), big["key499"], "key4" in big, sum(big.values()))  # expect: 250 499 False 62500
try:
    d["missing"]
except KeyError as e:
    print(repr(e))  # expect: KeyError('missing',)
s = {1, 2} | {3}
s.add(5)
s.discard(1)
print(s & {2, 3}, s - {5}, 5 in s, len(s), frozenset([1]) == {1})  # expect: {2, 3} {2, 3} True 3 True
print(range(5), list(range(5, 0, -2)), len(range(0, 10, 3)), 4 in range(0, 10, 2), range(10)[2:5])  # expect: range(0, 5) [5, 3, 1] 4 True range(2, 5)
print((1,) + (2, 3), (1, 2, 3)[::2], hash((1, 2)) == hash((1, 2)))  # expect: (1, 2, 3) (1, 3) True
try:
    {[]: 1}
except TypeError as e:
    print(e)  # expect: unsupported type for __hash__: 'list'
try:
    [1, 2][5]
except IndexError as e:
    print(e)  # expect: index out of range
try:
    a, b = [1, 2, 3]
except ValueError as e:
    print(e)  # expect: too many values to unpack (expected 2)
print(min(3, 1, 2), max([4, 9], key=lambda v: -v), sum([1, 2], 10), any([0, 1]), all([]), abs(-3), divmod(7, -2))  # expect: 1 4 13 True True 3 (-4, -1)
