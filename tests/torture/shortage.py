# tests/torture/shortage.py -- no more processes, no more descriptors: refusals meanwhile, service at once afterwards.
#
# shortage.py nproc          RLIMIT_NPROC of the live responder is used up
# shortage.py pids DIR       pids.max of its cgroup DIR (v1 or v2) is what it has; DIR/cgroup.procs
#                            is writable, the responder is moved there
# shortage.py nofile         RLIMIT_NOFILE of the live responder is used up, 5 s or 60 s
import os
import resource
import sys
import threading
import time

import rig


def limit(pid, what, soft):
    resource.prlimit(pid, what, (soft, resource.prlimit(pid, what)[1]))


def served_within(client, seconds):
    """Seconds until it serves, None if that takes longer."""
    begin = time.monotonic()
    if rig.within(seconds, lambda: client.ask("GET", "/echo?m=back")[0] == 200):
        return time.monotonic() - begin
    return None


def write(name, value):
    with open(name, "w") as f:
        f.write(str(value))


def refused(tap, client, times):
    """Every one is a clean 503."""
    for i in range(times):
        status, body = client.ask("GET", "/echo?m=%d" % i)
        answer = rig.parsed(body)
        if status != 503 or answer.get("code") != 503 or not client.headers.get("Retry-After"):
            tap.wrong("%d %r, Retry-After %s" % (status, body[:120], client.headers.get("Retry-After")))
            return
    print("%d times 503 with Retry-After: %s" % (times, answer.get("data") or answer.get("message")))


def processes(tap, r, take, give):
    client = rig.Client()
    if served_within(client, 10) is None:
        tap.wrong("does not serve")
    for again in range(rig.scaled(3, 20)):
        take()
        refused(tap, client, rig.scaled(20, 200))
        if client.ask("GET", "/echo?m=1", key="0" * 64)[0] != 401:
            tap.wrong("refusals need no process")
        give()
        status, body = client.ask("GET", "/echo?m=at-once")
        if status != 200:
            tap.wrong("not back at once: %d %r" % (status, body[:200]))
            return


def nproc(tap, r):
    processes(tap, r, lambda: limit(r.pid, resource.RLIMIT_NPROC, 1),
              lambda: limit(r.pid, resource.RLIMIT_NPROC,
                            resource.prlimit(r.pid, resource.RLIMIT_NPROC)[1]))


def pids(tap, r, folder):
    write(folder + "/cgroup.procs", r.pid)

    def take():
        with open(folder + "/pids.current") as f:
            write(folder + "/pids.max", int(f.read()))

    processes(tap, r, take, lambda: write(folder + "/pids.max", "max"))


class Asker(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.stop, self.told, self.wrong = False, {}, ""

    def run(self):
        client = rig.Client(timeout=10)
        while not self.stop:
            # Who cannot be accepted waits, and nginx may give up on it.
            client.timeout = 2
            status, body = client.ask("GET", "/echo?m=hello")
            self.told[status] = self.told.get(status, 0) + 1
            if status == 200 and rig.parsed(body).get("data") != "hello\n":
                self.wrong = repr(body[:200])
            if status not in (0, 200, 500, 502, 503, 504):
                self.wrong = repr((status, body[:200]))


def ticks(pid):
    with open("/proc/%d/stat" % pid) as f:
        words = f.read().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12])


def nofile(tap, r):
    client = rig.Client()
    for _ in range(20):
        client.ask("GET", "/left?m=m")
    held = rig.descriptors(r.pid)
    before = resource.prlimit(r.pid, resource.RLIMIT_NOFILE)
    askers = [Asker() for _ in range(8)]
    for asker in askers:
        asker.start()
    seconds = rig.scaled(5, 60)
    begin, worked = time.monotonic(), ticks(r.pid)
    # Nothing; then enough for a connection and not for a command; then nothing.
    # The limit is one of numbers, and there are holes among them.
    for most in (3, held, held + 1, held + 2, 3):
        limit(r.pid, resource.RLIMIT_NOFILE, most)
        time.sleep(seconds / 5)
    worked = ticks(r.pid) - worked
    resource.prlimit(r.pid, resource.RLIMIT_NOFILE, before)
    back = served_within(client, 10)
    for asker in askers:
        asker.stop = True
    for asker in askers:
        asker.join()
        if asker.wrong:
            tap.wrong(asker.wrong)
    told = {}
    for asker in askers:
        for status, n in asker.told.items():
            told[status] = told.get(status, 0) + n
    print("%d s at EMFILE: answers %s, %d %% of a core, service back after %s s" % (
        time.monotonic() - begin, told, worked * 100 / os.sysconf("SC_CLK_TCK") / seconds,
        "10 and more" if back is None else "%.3f" % back))
    if back is None or back > 1:
        tap.wrong("service is not back within a second")
    if not rig.within(5, lambda: rig.descriptors(r.pid) == held):
        tap.wrong("descriptors: %d, before %d" % (rig.descriptors(r.pid), held))


tap = rig.Tap()
r = rig.Responder()
if not r.ready():
    print(r.said())
    raise SystemExit(1)
{"nproc": nproc, "pids": pids, "nofile": nofile}[sys.argv[1]](tap, r, *sys.argv[2:])
if not rig.within(5, lambda: not rig.children(r.pid)):
    tap.wrong("children are left: %s" % rig.children(r.pid))
if r.end() != 0:
    tap.wrong("it ends badly")
tap.end()
