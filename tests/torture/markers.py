# tests/torture/markers.py -- 64 at a time, each with a marker: nothing mixed up, nothing leaked, nothing left.
#
# markers.py RUNS          in short or in part; each answer is its own marker and exit code, each
#                          command has descriptors 0, 1, 2 and that of its own look, no zombie stays
# markers.py soak RUNS     a mix of requests, one line of figures every so often, and a verdict
import os
import sys
import threading
import time

import rig

WAYS = 64


class Way(threading.Thread):
    def __init__(self, n, runs, ask):
        super().__init__(daemon=True)
        self.n, self.runs, self.ask_one, self.wrong, self.done = n, runs, ask, [], 0

    def run(self):
        client = rig.Client(timeout=60)
        for i in range(self.runs):
            why = self.ask_one(client, "%d-%d" % (self.n, i), i)
            if why:
                self.wrong.append(why)
            self.done += 1


def marked(client, mark, i):
    """One command that says its marker twice, and which descriptors it has."""
    code = i % 3
    status, body = client.ask("GET", "/mark?m=%s&c=%d" % (mark, code))
    answer = rig.parsed(body)
    # ls has one more for the directory that it reads.
    want = "m%s\n0 1 2 3 \nm%s\n" % (mark, mark)
    if status != (500 if code else 200) or answer.get("data") != want \
            or answer.get("exit_code") != code:
        return "%s: %d %r" % (mark, status, body[:200])
    return ""


MIX = [("GET", "/echo?m=%s", 200, "%s\n"), ("GET", "/echo?m=%s", 200, "%s\n"),
       ("GET", "/echo?m=%s", 200, "%s\n"), ("POST", "/fails", 500, "no\n"),
       ("GET", "/nothing", 404, ""), ("GET", "/left?m=%s", 200, "%s\n"),
       ("GET", "/echo", 400, ""), ("GET", "/big", 200, "x" * 300000)]


def mixed(client, mark, i):
    # Most are cheap, one in a hundred is not.
    method, path, code, data = MIX[i % 3 if i % 20 else i // 20 % len(MIX)]
    path = path % mark if "%s" in path else path
    data = data % mark if "%s" in data else data
    status, body = client.ask(method, path)
    answer = rig.parsed(body)
    if status != code or (data and answer.get("data") != data):
        return "%s: %d %r" % (path, status, body[:200])
    return ""


def gather(tap, ways):
    for way in ways:
        way.join()
        for why in way.wrong[:3]:
            tap.wrong(why)


def figures(r):
    return rig.rss(r.pid), rig.descriptors(r.pid), len(rig.children(r.pid))


def warm(r):
    client = rig.Client()
    for i in range(400):
        mixed(client, "warm-%d" % i, i * 7)
    rig.within(5, lambda: not rig.children(r.pid))
    return figures(r)


def parallel(tap, r, runs):
    warm(r)
    before = rig.descriptors(r.pid)
    begin = time.monotonic()
    ways = [Way(n, runs // WAYS, marked) for n in range(WAYS)]
    for way in ways:
        way.start()
    gather(tap, ways)
    took = time.monotonic() - begin
    print("%d runs, %d ways, %.1f s" % (sum(w.done for w in ways), WAYS, took))
    if not rig.within(5, lambda: not rig.children(r.pid)):
        tap.wrong("children are left: %s" % [(p, rig.status_of(p)) for p in rig.children(r.pid)])
    if not rig.within(5, lambda: rig.descriptors(r.pid) == before):
        tap.wrong("descriptors: %d, before %d" % (rig.descriptors(r.pid), before))


def soak(tap, r, runs):
    ways = 8
    rss, fds, _ = warm(r)
    begin = time.monotonic()
    threads = [Way(n, runs // ways, mixed) for n in range(ways)]
    for thread in threads:
        thread.start()
    shown, every = 0, max(runs // 50, 1000)
    print("%9s %8s %9s %5s %9s" % ("requests", "seconds", "RSS KiB", "fds", "children"))
    while any(t.is_alive() for t in threads):
        time.sleep(0.2)
        done = sum(t.done for t in threads)
        if done < shown + every:
            continue
        shown = done
        now = figures(r)
        print("%9d %8.1f %9d %5d %9d" % ((done, time.monotonic() - begin) + now), flush=True)
    gather(tap, threads)
    rig.within(5, lambda: not rig.children(r.pid) and rig.descriptors(r.pid) == fds)
    busy = rig.rss(r.pid)
    rig.within(30, lambda: rig.rss(r.pid) <= rss + 1024)
    end = figures(r)
    print("RSS at the end %d KiB, after some seconds of quiet %d" % (busy, end[0]))
    print("warm: %d KiB, %d descriptors; after %d requests: %d KiB, %d descriptors, %d children" % (
        rss, fds, sum(t.done for t in threads), *end))
    if end[1] != fds or end[2] != 0:
        tap.wrong("descriptors or children have stayed")
    # Meanwhile it grows whenever more big ones than ever are at it at once.
    if end[0] > rss + 1024:
        tap.wrong("RSS has grown: %d KiB when warm, %d at the end" % (rss, end[0]))


tap = rig.Tap()
r = rig.Responder()
if not r.ready():
    print(r.said())
    raise SystemExit(1)
if sys.argv[1] == "soak":
    soak(tap, r, int(sys.argv[2]))
else:
    parallel(tap, r, int(sys.argv[1]))
if r.end() != 0:
    tap.wrong("it ends badly")
tap.end()
