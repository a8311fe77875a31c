# tests/torture/clocks.py -- the clock jumps, and no timeout and no duration notices.
#
# clocks.py jumps           CLOCK_REALTIME goes hours and years ahead and back (jump.c) while
#                           commands run and time out
# clocks.py namespace       a time namespace: MONOTONIC and BOOTTIME far from what they were
import os
import random
import struct
import subprocess
import sys
import threading
import time

import rig


def trial(tap, client, what):
    """A sleeper, one that times out, one with leftovers; the test's own clock measures."""
    for path, code, least, most in (("/half?m=1", 200, 0.5, 3.0), ("/second", 504, 1.0, 4.0),
                                    ("/left?m=m", 200, 0.0, 3.0)):
        begin = time.monotonic()
        status, body = client.ask("GET", path)
        took = time.monotonic() - begin
        answer = rig.parsed(body)
        told = answer.get("duration_ms", -1) / 1000
        if status != code:
            tap.wrong("%s: %s: %d %r" % (what, path, status, body[:200]))
        elif not least * 0.99 <= took <= most:
            tap.wrong("%s: %s took %.3f s" % (what, path, took))
        elif not least * 0.99 <= told <= took + 0.05:
            tap.wrong("%s: %s took %.3f s and tells %.3f" % (what, path, took, told))
        elif path.startswith("/left") and answer.get("leftover", 0) < 2:
            tap.wrong("%s: leftover: %r" % (what, body[:200]))


def jumps(tap, r, name):
    client = rig.Client()
    stop = []

    def jump():
        while not stop:
            for seconds in (3600, -86400, 0, 31536000, -31536000):
                with open(name, "r+b") as f:
                    f.write(struct.pack("q", seconds))
                time.sleep(random.uniform(0.05, 0.3))

    jumper = threading.Thread(target=jump, daemon=True)
    jumper.start()
    for i in range(rig.scaled(2, 20)):
        trial(tap, client, "jumping")
    stop.append(1)
    jumper.join()
    hours = {line[:13] for line in r.said().splitlines() if line[:2] == "20" and line[4:5] == "-"}
    if len(hours) < 2:
        tap.wrong("no jump shows in the log's stamps: %s" % sorted(hours))


def jumping(tap):
    name = rig.T + "/jump"
    with open(name, "wb") as f:
        f.write(bytes(8))
    env = dict(os.environ, LD_PRELOAD=rig.T + "/jump.so", JUMP_CONTROL=name)
    r = rig.Responder(env=env)
    if not r.ready():
        tap.wrong("not ready: " + r.said())
        return
    jumps(tap, r, name)
    if r.end() != 0:
        tap.wrong("it ends badly")


def namespaces(tap):
    for monotonic, boottime in ((0, 0), (1000000, 0), (0, 50000000), (3, 7), (200000000, 1)):
        before = ["unshare", "-UrT", "--monotonic", str(monotonic), "--boottime", str(boottime),
                  "--"] if os.geteuid() != 0 else ["unshare", "-T", "--monotonic", str(monotonic),
                                                   "--boottime", str(boottime), "--"]
        if subprocess.run([*before, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("no time namespace may be made here")
            sys.exit(77)
        r = rig.Responder(before)
        if not r.ready():
            tap.wrong("not ready: " + r.said())
            continue
        for _ in range(rig.scaled(1, 4)):
            trial(tap, rig.Client(), "monotonic +%d, boottime +%d" % (monotonic, boottime))
        # The responder, not what unshare(1) may have put in front of it.
        if r.end() not in (0, -15, 143):
            tap.wrong("it ends badly")


tap = rig.Tap()
if sys.argv[1] == "jumps":
    jumping(tap)
else:
    namespaces(tap)
tap.end()
