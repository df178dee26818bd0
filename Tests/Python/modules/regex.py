# re: the board's small dialect, byte by byte.
import re

print(re.match("a(b+)c", "abbbcd").group(0), re.match("a(b+)c", "abbbcd").group(1))  # expect: abbbc bbb
print(re.match("b", "abc"), re.search("b", "abc").span())  # expect: None (1, 2)
m = re.search(r"(\d+)-(\d+)", "tel 555-1234.")
print(m.groups(), m.start(2), m.end(2), m.span(1), m)  # expect: ('555', '1234') 8 12 (4, 7) <match num=3>
print(re.match("(a)|(b)", "b").groups(), re.match("(a)|(b)", "b").span(1))  # expect: (None, 'b') (-1, -1)
print(re.match("[^a-c]+", "xyzab").group(0), re.match(r"[\w.]+", "a_1.b c").group(0))  # expect: xyz a_1.b
print(re.match("a*?b", "aab").group(0), re.match("<.+?>", "<a><b>").group(0), re.match("<.+>", "<a><b>").group(0))  # expect: aab <a> <a><b>
print(re.match("x??y", "xy").group(0), re.match("(?:ab)+c", "ababc").group(0), re.match("(?:ab)+c", "ababc").groups())  # expect: xy ababc ()
print(re.match("^abc$", "abc") is not None, re.match("^abc$", "abcd"), re.search("^b", "ab"))  # expect: True None None
print(re.match(r"\D\S\W\s", "a-! ").group(0), re.match(r"\.\[\\", ".[\\").group(0))  # expect: a-!  .[\
print(re.match("a{2}", "a{2}").group(0), re.search(r"\bx", "a bx").group(0))  # expect: a{2} bx
print(re.match("a|b|cd", "cd").group(0), re.match("(a|)b", "b").groups(), re.match(".", "\n").group(0) == "\n")  # expect: cd ('',) True
print(re.match("[a-]+", "a-b").group(0), re.match("[a\\]]+", "a]b").group(0), re.match("[]a]", "a"))  # expect: a- a] None
print(re.match(b"(.)b", b"ab").group(1), re.compile("b").search(b"ab").group(0))  # expect: b'a' b'b'
print(re.match("é+", "éz").group(0), re.search("z", "éz").span())  # expect: é (1, 2)

p = re.compile("a+")
print(p.match("baa", 1).group(0), p.search("aabaa", 2).span(), p.search("aabaa", 2, 4).span(), p.match("aa", 9))  # expect: aa (3, 5) (3, 4) None
print(re.compile(p) is p, p.sub("-", "caaat"), hasattr(p, "split"), hasattr(re, "split"))  # expect: True c-t False False
print(re.sub("a", "b", "banana"), re.sub("a", "b", "banana", 2), re.sub("x", "y", "none"))  # expect: bbnbnb bbnbna none
print(re.sub(r"(\w+) (\w+)", r"\2 \g<1>!\\\x", "hello world"))  # expect: world hello!\x
print(re.sub("(a)|b", lambda m: "<" + m.group(0) + ">", "cab"), re.sub("x*", "-", "abc"), re.sub(b"a", b"\\\\", b"a"))  # expect: c<a><b> abc b'\\'
print(re.sub("^a", "x", "aaa"), re.sub("(z)?a", "[\\1]", "aza"))  # expect: xaa [][z]

for pattern in ("*", "a**", "(", "(?=a)", "[a", "[a\\", "\\", "(?P<n>a)", "^*", "(?:)*", "(" * 101, "a)", "(a)" * 64, "(?:" + "a" * 63 + ")*", "a" * 63 + "|b"):
    try:
        re.compile(pattern)
        print("compiled")
    except (ValueError, RuntimeError) as e:
        print(e)
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
# expect: error in regex
# expect: regex too complex
# expect: regex too complex
# expect: regex too complex
re.compile("(a)" * 63)
re.compile("(?:" + "a" * 62 + ")*")
re.compile("a" * 62 + "|" + "b" * 63)
for pattern, text in (("(a*)*", "aab"), ("(?:a*)+", "aab"), ("a*", "a" * 5000)):
    try:
        re.match(pattern, text)
    except RuntimeError as e:
        print(e)
# expect: maximum recursion depth exceeded
# expect: maximum recursion depth exceeded
# expect: maximum recursion depth exceeded
print(len(re.search("b+c", "a" * 5000 + "bc").group(0)), len(re.match("[ab]*?c", "ab" * 200 + "c").group(0)))  # expect: 2 401
try:
    m.group(3)
except IndexError as e:
    print(e)  # expect: 3
try:
    re.sub("a", "\\1", "a")
except IndexError as e:
    print(e)  # expect: 1
try:
    re.match("a", 1)
except TypeError as e:
    print(e)  # expect: can't convert 'int' object to str implicitly
print(dir(re.match("a", "a")))  # expect: ['__class__', 'end', 'group', 'groups', 'span', 'start']
