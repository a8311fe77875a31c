# tests/torture/starve.py -- the machine gives no more memory, and then a little more, and a little more.
#
# RLIMIT_DATA of a live responder is put at what it has plus a little, then as
# much as a reload maps and a little, and so on; each time it serves and reloads.
# No answer but the right one, 500, 503 and a closed connection; never an end;
# all is well once there is memory again.
import os
import resource
import signal

import rig

KIB = 1024
MAPPED = 2 * 16 * 1024 * KIB # by a reload, at once


def data_of(pid):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("VmData"):
                return int(line.split()[1]) * 1024
    return 0


def limit(pid, n):
    hard = resource.prlimit(pid, resource.RLIMIT_DATA)[1]
    resource.prlimit(pid, resource.RLIMIT_DATA, (n, hard))


def reload(r, tap, what):
    at = len(r.said())
    os.kill(r.pid, signal.SIGHUP)
    if not rig.within(10, lambda: "INFO reload" in r.said()[at:] or "stays" in r.said()[at:]
                      or r.process.poll() is not None):
        tap.wrong(what + ": no word of the reload")
    return "stays" in r.said()[at:]


tap, client = rig.Tap(), rig.Client()
r = rig.Responder()
if not r.ready():
    print(r.said())
    raise SystemExit(1)
steps = rig.scaled(16, 256)
refused = closed = right = 0
long = "&x=" + "y" * 3000  # unknown: 400, and more memory for libfcgi
for i in range(steps):
    room = i // 2 * 8 * KIB * (256 // steps or 1)
    if i % 2:
        room = MAPPED - 256 * KIB + 2 * room
    what = "with %d KiB to spare" % (room // 1024)
    limit(r.pid, data_of(r.pid) + room)
    for path, code in (("/echo?m=hello", 200), ("/big", 200), ("/echo?m=1" + long, 400)):
        status, body = client.ask("GET", path)
        closed += status == 502
        right += status == code
        if status not in (code, 500, 502, 503):
            tap.wrong("%s: %s: %d %r" % (what, path[:20], status, body[:100]))
    refused += reload(r, tap, what)
    if r.process.poll() is not None:
        tap.wrong("%s: it ends with %s: %s" % (what, r.process.returncode, r.said()[-200:]))
        r = rig.Responder()
        r.ready()
        continue
    limit(r.pid, resource.RLIM_INFINITY)
    if client.ask("GET", "/echo?m=after")[0] != 200 or reload(r, tap, what + " and again all"):
        tap.wrong(what + ": it does not recover")
print("%d steps: %d reloads refused, %d connections closed, %d right answers"
      % (steps, refused, closed, right))
if refused == 0:
    tap.wrong("memory was never short")
if r.end() != 0:
    tap.wrong("it ends badly")
tap.end()
