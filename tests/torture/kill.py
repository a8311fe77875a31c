# tests/torture/kill.py -- SIGKILL for the responder at a random moment, again and again.
#
# kill.py              whatever holds the commands
# kill.py cgroups      they are in cgroups, and of these none is left either
#
# Eight clients keep it busy with commands that leave children behind, in the
# group, in sessions of their own, and two steps down; each carries a marker.
# After the next start says it is ready no process of an earlier one may be
# alive for more than ten seconds, but for what a detached command has left.
import os
import random
import signal
import sys
import threading
import time

import rig

# Enough for a run to be at any point of its way.
LONGEST = 0.25
SOON = 10  # seconds; a machine that has much else to do may need them
MARK = "stray-%d-" % os.getpid()


class Load(threading.Thread):
    def __init__(self, n):
        super().__init__(daemon=True)
        self.n, self.stop, self.served = n, False, 0

    def run(self):
        client = rig.Client(timeout=30)
        i = 0
        while not self.stop:
            i += 1
            mark = "%s%d-%d" % (MARK, self.n, i)
            path = ("/tree?m=", "/echo?m=", "/sleep?m=")[i % 3]
            status, _ = client.ask("GET", path + mark)
            self.served += status == 200
            if status in (0, 502):
                time.sleep(0.01)


tap = rig.Tap()
times = rig.scaled(20, 500)
seed = int.from_bytes(os.urandom(4), "big")
random.seed(seed)
print("seed %d" % seed)
loads = [Load(n) for n in range(8)]
for load in loads:
    load.start()
left = slowest = 0
killed = []
fenced = False
r = rig.Responder()
for i in range(times):
    if not r.ready():
        tap.wrong("start %d: not ready: %s" % (i, r.said()[-300:]))
        break
    time.sleep(random.uniform(0, LONGEST))
    os.kill(r.pid, signal.SIGKILL)
    r.process.wait()
    killed.append(r.pid)
    fenced = fenced or bool(rig.cgroups(killed))
    mine = rig.marked(MARK)
    left += len(mine)
    begin = time.monotonic()
    try:
        os.unlink(rig.SOCK)
    except FileNotFoundError:
        pass
    r = rig.Responder()
    # Of those that were there before the start, not of those that it runs.
    if r.ready():
        begin = time.monotonic()
        if not rig.within(SOON, lambda: not [p for p in mine if rig.alive(p)]):
            still = [p for p in mine if rig.alive(p)]
            tap.wrong("kill %d: still alive %d s after the next start: %s" % (i, SOON, still))
            for p in still:
                os.kill(p, signal.SIGKILL)
        slowest = max(slowest, time.monotonic() - begin)
for load in loads:
    load.stop = True
for load in loads:
    load.join()
print("%d kills: %d processes were left, gone %.3f s after the start at the latest; %d answers"
      % (times, left, slowest, sum(load.served for load in loads)))
if left == 0:
    tap.wrong("nothing was ever left: the test proves nothing")
if sum(load.served for load in loads) == 0:
    tap.wrong("nothing was ever served")

# A deploy leaves something running on purpose: that stays.
client = rig.Client()
status, body = client.ask("POST", "/deploy?m=%sstays" % MARK)
kept = rig.marked(MARK + "stays")
os.kill(r.pid, signal.SIGKILL)
r.process.wait()
killed.append(r.pid)
os.unlink(rig.SOCK)
r = rig.Responder()
r.ready()
time.sleep(0.5)
if status != 200 or not kept or [p for p in kept if not rig.alive(p)]:
    tap.wrong("what a deploy has left is gone: %d %r, %s" % (status, body[:100], kept))
for p in kept:
    try:
        os.killpg(p, signal.SIGKILL) # and what it waits for
    except ProcessLookupError:
        pass # no leader: it was about to become what another one waits for
if r.end() != 0:
    tap.wrong("the last one ends badly")
if not rig.within(SOON, lambda: not rig.marked(MARK)):
    tap.wrong("left at the end: %s" % rig.marked(MARK))
if sys.argv[1:] == ["cgroups"]:
    if not fenced:
        tap.wrong("there never was a cgroup: the test proves nothing")
    r = rig.Responder() # what was kept for the deploy is empty by now
    if not r.ready() or r.end() != 0:
        tap.wrong("one more does not start and end")
    if not rig.within(SOON, lambda: not rig.cgroups(killed)):
        tap.wrong("cgroups are left: %s" % rig.cgroups(killed))
tap.end()
