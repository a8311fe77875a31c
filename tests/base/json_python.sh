#!/bin/sh
# tests/base/json_python.sh -- python's json and its UTF-8 decoder agree with base/escape, every way.
set -u

if ! command -v python3 >/dev/null 2>&1; then
    echo '1..0 # SKIP python3 is not installed'
    exit 0
fi

echo 1..3
exec python3 - "${top_builddir:-.}/tests/base/json_filter" <<'PYTHON'
import itertools
import json
import random
import struct
import subprocess
import sys

random.seed(20260131)
edges = bytes([0x00, 0x1F, 0x22, 0x41, 0x5C, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xA8, 0xBF,
               0xC0, 0xC2, 0xDF, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF])
text = 'plain "quoted" \\ \b\f\n\r\t \0 \x1b[0m \x7f \x85 ö € \u2028\u2029 \ufeff \uffff 😀\n'

def inputs():
    for n in range(4):
        yield from (bytes(t) for t in itertools.product(edges, repeat=n))
    for lead in (0xF0, 0xF1, 0xF4):
        yield from (bytes((lead,) + t) for t in itertools.product(edges[6:], repeat=3))
    for i in range(2000):
        yield random.randbytes(random.randrange(300))
    for i in range(2000):  # text, some of it damaged
        b = bytearray((text * random.randrange(1, 9)).encode())
        for _ in range(random.randrange(4)):
            b[random.randrange(len(b))] = random.randrange(256)
        yield bytes(b[random.randrange(len(b)):])
    yield random.randbytes(65536)
    yield bytes(65536)

data = list(inputs())
stream = b''.join(struct.pack('>I', len(d)) + d for d in data)
failed = False
for number, way in enumerate(['portable', 'vector', 'avx2']):
    said = subprocess.run([sys.argv[1], str(number)], input=stream, stdout=subprocess.PIPE)
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
