# tests/it/scan.py -- says where in the memory of a process a word stands.
#
# scan.py PID WORD...: one line for each place, in what is mapped and in memory
# files that are only open.  Ends with 77 where it may not look.
import os
import re
import sys

pid, words = sys.argv[1], [w.encode() for w in sys.argv[2:]]


def look(where, data):
    for n, word in enumerate(words):
        for at in re.finditer(re.escape(word), data):
            print("word %d in %s at %d" % (n, where, at.start()))


try:
    mem = open("/proc/%s/mem" % pid, "rb", 0)
except PermissionError as e:
    print(e)
    sys.exit(77)
seen = 0
with mem, open("/proc/%s/maps" % pid) as maps:
    for line in maps:
        span, mode, *rest = line.split()
        begin, end = (int(x, 16) for x in span.split("-"))
        if not mode.startswith("r") or rest[-1] in ("[vvar]", "[vsyscall]"):
            continue
        for at in range(begin, end, 1 << 24):
            try:
                mem.seek(at)
                data = mem.read(min(end - at, 1 << 24))
            except OSError:
                continue  # reserved, and nobody has touched it
            seen += len(data)
            look(rest[-1], data)
for fd in os.listdir("/proc/%s/fd" % pid):
    path = "/proc/%s/fd/%s" % (pid, fd)
    if os.readlink(path).startswith("/memfd:"):
        with open(path, "rb") as f:
            look(os.readlink(path), f.read())
if seen == 0:
    print("nothing could be read")
    sys.exit(1)
