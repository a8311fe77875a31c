# tests/torture/nomem.py -- allocation N fails, for every N, until nothing is left to fail.
#
#     start      while the responder starts: it gets ready, or says why and ends
#     tool       cmon check-config, cmon run: the same
#     reload     SIGHUP: the old configuration or the new one stands
#     requests   the right answer, 500, 503, or a closed connection; the next is right
#
# Never a signal, a wrong answer, or a responder that is gone.
import mmap
import os
import signal
import struct
import subprocess
import sys
import time

import rig

CONTROL = rig.T + "/nomem.control"


class Control:
    def __init__(self):
        with open(CONTROL, "wb") as f:
            f.write(bytes(4096))
        with open(CONTROL, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)

    def arm(self, at):
        self.map[:136] = struct.pack("QQQQ", 0, 0, 0, 0) + bytes(104)
        self.map[8:16] = struct.pack("Q", at)

    def failed(self):
        return struct.unpack("Q", self.map[16:24])[0] > 0

    def who(self):
        return os.path.basename(self.map[32:136].split(b"\0")[0].decode())

    def counted(self):
        return struct.unpack("Q", self.map[:8])[0]

    def spared(self):
        return struct.unpack("Q", self.map[24:32])[0]


ENV = dict(os.environ, LD_PRELOAD=rig.T + "/nomem.so", NOMEM_CONTROL=CONTROL)
# How many N there may be; all of them are tried, unless it is the short form.
MOST = 100000


def every(control, step, one):
    """Calls one(N) for N = 1, 1 + step, ... as long as something fails; says how many."""
    n = 1
    while n < MOST and one(n):
        n += step
    return n - 1




def start(tap, control, step):
    client = rig.Client()

    def one(n):
        control.arm(n)
        r = rig.Responder(env=ENV)
        ready = r.ready()
        failed, who = control.failed(), control.who()
        what = "start: allocation %d (%s)" % (n, who)
        if ready:
            control.arm(0)
            got = client.ask("GET", "/echo?m=after")
            if got[0] != 200:
                tap.wrong("%s: ready, but answers %r" % (what, got))
            status = r.end()
            if status != 0:
                tap.wrong("%s: ends with %s" % (what, status))
        else:
            status = r.wait()
            said = r.said()
            if status is None or status <= 0:
                tap.wrong("%s: ends with %s: %s" % (what, status, said[-200:]))
            elif "ERROR" not in said and "cannot" not in said.lower() and "memory" not in said:
                tap.wrong("%s: says nothing: %s" % (what, said[-200:]))
        return failed

    return every(control, step, one)


def tool(tap, control, step):
    done = 0
    for words, right in ((["check-config", "-c", rig.CONF], 0),
                         (["run", "-c", rig.CONF, "/echo", "m=hello"], 0),
                         (["routes", "-c", rig.CONF], 0)):
        def one(n, words=words, right=right):
            control.arm(n)
            p = subprocess.run([rig.CMON, *words], env=ENV, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
            failed, who = control.failed(), control.who()
            what = "%s: allocation %d (%s)" % (words[0], n, who)
            if p.returncode < 0:
                tap.wrong("%s: signal %d" % (what, -p.returncode))
            elif p.returncode != right and not p.stdout:
                tap.wrong("%s: status %d without a word" % (what, p.returncode))
            elif p.returncode == right and words[0] == "run" and b"hello" not in p.stdout:
                tap.wrong("%s: says %r" % (what, p.stdout[-200:]))
            return failed
        done += every(control, step, one)
    return done


def serving(control):
    control.arm(0)
    r = rig.Responder(env=ENV)
    if not r.ready():
        print("does not start: " + r.said())
        sys.exit(1)
    return r


def reload(tap, control, step):
    client = rig.Client()
    state = {"r": serving(control)}

    def one(n):
        r = state["r"]
        at = len(r.said())
        control.arm(n)
        os.kill(r.pid, signal.SIGHUP)
        rig.within(10, lambda: "INFO reload" in r.said()[at:] or "stays" in r.said()[at:]
                   or r.process.poll() is not None)
        failed, who = control.failed(), control.who()
        control.arm(0)
        what = "reload: allocation %d (%s)" % (n, who)
        if r.process.poll() is not None:
            tap.wrong("%s: the responder ends with %s" % (what, r.process.returncode))
            state["r"] = serving(control)
        elif not ("INFO reload" in r.said()[at:] or "stays" in r.said()[at:]):
            tap.wrong(what + ": no word of how it went")
        elif client.ask("GET", "/echo?m=after")[0] != 200:
            tap.wrong(what + ": the next request is not answered")
        return failed

    done = every(control, step, one)
    state["r"].end()
    return done


def requests(tap, control, step):
    client = rig.Client()
    state = {"r": serving(control)}
    kinds = [("GET", "/echo?m=hello", None, 200, "hello\n"), ("GET", "/big", None, 200, "x" * 300000),
             ("POST", "/fails", b"y" * 9000, 500, "no\n"), ("GET", "/left?m=m", None, 200, "m\n"),
             ("GET", "/late", None, 504, ""), ("GET", "/missing", None, 500, ""),
             ("GET", "/nothing", None, 404, "")]

    def one(n):
        r = state["r"]
        control.arm(n)
        for method, path, body, code, data in kinds:
            status, got = client.ask(method, path, body=body)
            what = "requests: %s: allocation %d (%s)" % (path, n, control.who())
            if r.process.poll() is not None:
                tap.wrong("%s: the responder ends with %s" % (what, r.process.returncode))
                state["r"] = serving(control)
                return True
            answer = rig.parsed(got)
            right = status == code and (not data or answer.get("data") == data)
            if not right and status not in (500, 502, 503):
                tap.wrong("%s: %d %r" % (what, status, got[:100]))
            if status != 502 and not answer:
                tap.wrong("%s: %d %r" % (what, status, got[:100]))
        failed = control.failed()
        spared = control.spared()
        control.arm(0)
        if client.ask("GET", "/echo?m=after")[0] != 200:
            tap.wrong("requests: allocation %d: the next one is not answered" % n)
        state["spared"] = spared
        return failed

    done = every(control, step, one)
    status = state["r"].end()
    print("of one round of requests %d allocations are libfcgi's, which are spared" % state.get("spared", 0))
    if status != 0:
        tap.wrong("requests: ends with %s" % status)
    return done


if __name__ == "__main__":
    tap, control = rig.Tap(), Control()
    for what in (start, tool, reload, requests):
        begin = time.monotonic()
        done = what(tap, control, 1 if rig.SHARE or what is requests else 9)
        print("%-10s %5d allocations %5.1f s" % (what.__name__, done, time.monotonic() - begin),
              flush=True)
    tap.end()
