#!/bin/sh
# tests/base/json_python.sh -- python's json and its UTF-8 decoder agree with base/escape, every way.
#
# CMON_FULL=1 tries twenty times as much, another each time.  CMON_EMULATOR is
# what a program of another processor is run by.
set -u

if ! command -v python3 >/dev/null 2>&1; then
    echo '1..0 # SKIP python3 is not installed'
    exit 0
fi

# shellcheck disable=SC2086 # CMON_EMULATOR is words on purpose
exec python3 - "${top_srcdir:-.}/tests/fuzz/data/json" ${CMON_EMULATOR-} "${top_builddir:-.}/tests/base/json_filter" <<'PYTHON'
import glob
import itertools
import json
import os
import random
import struct
import subprocess
import sys

full = os.environ.get('CMON_FULL', '') != ''
seed = random.randrange(1 << 32) if full else 20260131
times = 20 if full else 1
print('# seed', seed)
random.seed(seed)
edges = bytes([0x00, 0x1F, 0x22, 0x41, 0x5C, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xA8, 0xBF,
               0xC0, 0xC2, 0xDF, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF])
text = 'plain "quoted" \\ \b\f\n\r\t \0 \x1b[0m \x7f \x85 ö € \u2028\u2029 \ufeff \uffff 😀\n'

# Characters at the ends of each row of table 3-7, and what breaks off or is none.
pieces = [bytes.fromhex(h) for h in """
    20 7e 22 5c 0a c280 c3b6 dfbf e0a080 e1bfbf e280a7 e280a8 e280a9 e281a8 ed9fbf ee8080 efbfbf
    f0908080 f09f9880 f3bfbfbf f48fbfbf
    80 bf c080 c1bf c2 e09fbf e0a0 e280 e2 eda080 f08fbfbf f0908080bf f09f98 f1bf f4908080 f5 ff
    """.split()]
well_formed = pieces[:21]

def mixed():
    """A few kinds of characters, ASCII between them, and now and then something else."""
    kinds = random.sample(well_formed, random.randrange(1, 6))
    wrong = random.choice((0, 0.01, 0.1, 0.5))
    want = random.randrange(500)
    b = bytearray()
    while len(b) < want:
        if random.random() < wrong:
            b += random.choice(pieces)
        elif random.randrange(20):
            b += random.choice(kinds)
        else:
            b += b'x' * random.randrange(70)
    return bytes(b)

def inputs():
    for name in sorted(glob.glob(sys.argv[1] + '/*')):
        with open(name, 'rb') as f:
            yield f.read(65536)
    for n in range(4):
        yield from (bytes(t) for t in itertools.product(edges, repeat=n))
    for lead in (0xF0, 0xF1, 0xF4):
        yield from (bytes((lead,) + t) for t in itertools.product(edges[6:], repeat=3))
    for i in range(2000 * times):
        yield random.randbytes(random.randrange(300))
    for i in range(4000 * times):
        yield mixed()
    for i in range(2000 * times):  # text, some of it damaged
        b = bytearray((text * random.randrange(1, 9)).encode())
        for _ in range(random.randrange(4)):
            b[random.randrange(len(b))] = random.randrange(256)
        yield bytes(b[random.randrange(len(b)):])
    yield random.randbytes(65536)
    yield bytes(65536)

data = list(inputs())
stream = b''.join(struct.pack('>I', len(d)) + d for d in data)
failed = False
ways = ['portable', 'vector', 'avx2'][:2 if os.environ.get('CMON_EMULATOR') else 3]
print('1..%d' % len(ways))
for number, way in enumerate(ways):
    said = subprocess.run(sys.argv[2:] + [str(number)], input=stream, stdout=subprocess.PIPE)
    if said.returncode == 77:
        print('ok %d - %s # SKIP this machine has no such instructions' % (number + 1, way))
        continue
    lines = said.stdout.split(b'\n')
    wrong = [] if said.returncode == 0 and len(lines) == len(data) + 1 else ['%s: exit %d, %d lines'
             % (way, said.returncode, len(lines))]
    for d, line in zip(data, lines):
        try:
            if json.loads(line.decode('utf-8')) != d.decode('utf-8', 'replace'):
                wrong.append('%r became %r' % (d, line))
        except ValueError as e:
            wrong.append('%r became %r: %s' % (d, line, e))
    for w in wrong[:10]:
        print('#', w)
    print('%s %d - %s: %d strings read back as python decodes them'
          % ('not ok' if wrong else 'ok', number + 1, way, len(data)))
    failed = failed or bool(wrong)
sys.exit(failed)
PYTHON
