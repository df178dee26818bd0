# The order of sets and dicts follows from the board's tables.
s = set()
for i in (9, 5, 14, 3, 22, 7, 30, 1):
    s.add(i)
print(list(s), list({9, 5, 14, 3, 22, 7}))  # expect: [14, 9, 30, 3, 1, 5, 22, 7] [22, 7, 14, 9, 3, 5]
a, b = {9, 5, 14, 3, 22, 7}, {22, 3, 5}
print(list(a | {100, 1}), list(a & b), list(a - b), list(a ^ {22, 100}))  # expect: [14, 9, 1, 3, 100, 5, 22, 7] [5, 22, 3] [7, 14, 9] [100, 7, 14, 9, 3, 5]
print(list(a.intersection([3, 22, 9])), list(a.difference([3], [22])), list(a.union((40, 41))))  # expect: [9, 22, 3] [7, 14, 9, 5] [14, 9, 40, 3, 41, 5, 22, 7]
a &= {7, 9, 3}
print(list(a), a.pop(), list(a), list(a.copy()))  # expect: [3, 9, 7] 3 [9, 7] [9, 7]
d = {}
for i in (9, 5, 14, 3, 22, 7, 30, 1):
    d[i] = i
del d[14]
d[46] = 0
print(list(d), list(d.copy()), list(dict(d)), list(dict.fromkeys(d)))  # expect: [46, 9, 30, 3, 1, 5, 22, 7] [46, 9, 30, 3, 1, 5, 22, 7] [22, 1, 9, 3, 7, 5, 30, 46] [22, 9, 1, 3, 7, 5, 46, 30]
print(list(dict.fromkeys([12, 6, 3, 21, 9])), list(frozenset([3, 18, 33]) | {48}))  # expect: [9, 6, 12, 3, 21] [48, 33, 18, 3]
