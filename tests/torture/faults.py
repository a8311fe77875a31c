# tests/torture/faults.py -- one system call fails, at its first, second, ... N-th time.
#
# faults.py live       each failure while requests are served, all on one responder
# faults.py start      each failure while the responder starts, one start each
#
# What may come of it stands in the tables below; a row whose call never comes
# to fail is a mistake of the table.  "right" is the answer as if
# nothing had happened; a proper error is 500 or 503 of cmon's own (503 with
# Retry-After); "closed" is a 502 of nginx, since cmon closed the connection.
# Never: a wrong 200, no answer, an end of the responder, a descriptor or a
# process that stays, and anything but the right answer to the next request.
import os
import select
import subprocess
import sys
import time

import rig

FAULT = rig.T + "/fault"
RIGHT, ERROR, CLOSED = 1, 2, 4

# Whoever is interrupted or told to come again goes on as if nothing had been,
# but where the error is marked with "!".
# The second word narrows a call down to one argument; without it a failure
# would be one that the kernel does not know (EPOLL_CTL_MOD needs no memory).
ADD = "1=1"
F_SETFL = "1=4"
ADD_SEALS = "1=1033"
CLONE = "clone" # or clone3, whichever it is here
LIVE = [
    # call, argument, what an error other than EINTR and EAGAIN may lead to, errors
    ("accept4", "", RIGHT, "EINTR EAGAIN ENOMEM EMFILE ENFILE EIO"),
    ("epoll_wait", "", RIGHT, "EINTR"),
    ("epoll_ctl", ADD, RIGHT, "ENOMEM ENOSPC"),
    ("recvfrom", "", CLOSED, "EINTR EAGAIN ENOMEM ENOBUFS EIO"),
    ("pwrite64", "", ERROR | CLOSED, "ENOMEM EIO ENOSPC"), # of its body; of its parameters
    ("lseek", "", CLOSED, "EIO"),
    ("pipe2", "", ERROR, "ENOMEM EMFILE ENFILE"),
    ("fcntl", F_SETFL, ERROR, "ENOMEM EIO"),
    (CLONE, "", ERROR, "EAGAIN! ENOMEM EMFILE ENFILE"),
    ("memfd_create", "", ERROR, "ENOMEM EMFILE ENFILE"), # of a request's body
    ("fcntl", ADD_SEALS, ERROR, "ENOMEM EIO"),
    ("dup3", "", ERROR, "EMFILE EIO"),
    ("close_range", "", RIGHT, "ENOMEM EMFILE ENOSYS"),
    ("setsid", "", ERROR, "EPERM"),
    ("chdir", "", ERROR, "ENOMEM EIO"),
    ("execve", "", ERROR, "EAGAIN! ENOMEM EMFILE EIO"),
    ("rt_sigprocmask", "", ERROR, "EIO"),
    ("waitid", "", RIGHT, "EINTR"),
    ("read", "", ERROR | CLOSED, "EINTR! EAGAIN! ENOMEM EIO"), # libfcgi's, of a memory file, too
    ("pread64", "", RIGHT, "EINTR ENOMEM EIO"),
    ("openat", "", RIGHT, "EINTR ENOMEM EMFILE ENFILE EIO"),
    ("newfstatat", "", RIGHT | ERROR, "ENOMEM EIO"),
    ("pidfd_open", "", RIGHT, "ENOMEM EMFILE"),
    ("pidfd_send_signal", "", RIGHT, "ENOMEM EAGAIN"),
    ("kill", "", RIGHT | ERROR, "EPERM"), # not told as left over
    ("getdents64", "", RIGHT, "EINTR ENOMEM EIO"),
    ("sendmsg", "", RIGHT, "EINTR EAGAIN ENOMEM ENOBUFS"),
    ("poll", "", RIGHT, "EINTR EAGAIN ENOMEM"),
    ("writev", "", RIGHT, "EINTR EAGAIN EIO ENOSPC"),
]
SOFT = ("EINTR", "EAGAIN")

# All that a start calls.  It gets ready, and then answers rightly, or it says why
# not and ends with a status that is not 0; and never by a signal.
START = [
    ("openat", "EINTR EAGAIN ENOMEM EMFILE EIO"),
    ("read", "EINTR EAGAIN ENOMEM EIO"),
    ("newfstatat", "ENOMEM EIO"),
    ("mmap", "EAGAIN ENOMEM EMFILE"),
    ("mprotect", "ENOMEM"),
    ("munmap", "ENOMEM"),
    ("madvise", "EAGAIN ENOMEM"),
    ("fcntl", "EINTR ENOMEM EMFILE EIO"),
    ("getsockname", "ENOMEM EIO"),
    ("readlink", "ENOMEM EIO"),
    ("prctl", "ENOMEM EIO"),
    ("prlimit64", "EPERM EIO"),
    ("rt_sigaction", "EINTR EIO"),
    ("waitid", "EINTR ENOSYS"),
    ("epoll_create1", "ENOMEM EMFILE ENFILE"),
    ("epoll_ctl", "ENOMEM ENOSPC"),
    ("eventfd2", "ENOMEM EMFILE ENFILE"),
    ("timerfd_create", "ENOMEM EMFILE ENFILE"),
    ("memfd_create", "ENOMEM EMFILE ENFILE"),
    ("signalfd4", "ENOMEM EMFILE ENFILE"),
    ("clone3", "EAGAIN ENOMEM ENOSYS"),
    ("sched_setscheduler", "EPERM EIO"),
    ("faccessat2", "EINTR ENOMEM EIO"),
    ("poll", "EINTR EAGAIN ENOMEM"),
    ("writev", "EINTR EAGAIN EIO ENOSPC"),
    ("write", "EINTR EAGAIN EIO ENOSPC"),
    ("epoll_wait", "EINTR"),
]
PID_FILE = rig.T + "/cmon.pid"
# The first is the pid file; the others wake by an eventfd, which never fails so.
MOST = {"write": 1}
LOADER = ("mmap", "mprotect", "munmap")


class Faulty(rig.Responder):
    """A responder whose system calls can be made to fail."""

    def __init__(self, calls, first=None):
        command_r, self.command = os.pipe()
        self.answers, answer_w = os.pipe()
        self.buffer = b""

        def place():
            a, b = os.dup(command_r), os.dup(answer_w)
            os.dup2(a, 3)
            os.dup2(b, 4)

        before = [FAULT, *(["-a", first] if first else []), "-c", ",".join(calls)]
        super().__init__(before, preexec_fn=place, pass_fds=(3, 4))
        os.close(command_r)
        os.close(answer_w)
        line = self.line()
        if not line:
            print("no notifications of seccomp here", file=sys.stderr)
            sys.exit(77)
        self.pid = int(line)

    def line(self, seconds=20):
        while b"\n" not in self.buffer:
            if not select.select([self.answers], [], [], seconds)[0]:
                return ""
            got = os.read(self.answers, 4096)
            if not got:
                return ""
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def arm(self, words):
        os.write(self.command, b"arm " + words.encode() + b"\n")
        return self.line() == "ok"

    def failed(self):
        try:
            os.write(self.command, b"seen\n")
        except BrokenPipeError:
            return False
        line = self.line()
        return bool(line) and not line.startswith("ended") and line.split()[1] == "1"

    def wait(self, seconds=20):
        """One that hangs is ended itself, and not only fault, which watches it."""
        status = super().wait(seconds)
        if status is None:
            try:
                os.kill(self.pid, 9)
            except ProcessLookupError:
                pass
        return status

    def end(self, seconds=20):
        """The program is not our child: fault.c passes its status on."""
        try:
            os.kill(self.pid, 15)
        except ProcessLookupError:
            pass
        status = self.wait(seconds)
        self.close()
        return status

    def close(self):
        for fd in (self.command, self.answers):
            os.close(fd)


class Live:
    def __init__(self, tap, calls):
        self.tap, self.calls = tap, calls
        self.client = rig.Client()
        self.marks = 0
        self.responder = None

    def start(self):
        self.responder = Faulty(self.calls)
        if not self.responder.ready():
            self.tap.wrong("does not get ready: " + self.responder.said()[-300:])
            self.tap.end()
        for kind in KINDS * 4: # every worker has had its first request
            kind(self)
        self.held = rig.descriptors(self.responder.pid)

    def judge(self, got, code, data, left=0):
        """RIGHT, ERROR, CLOSED, or words that tell what is wrong."""
        status, body = got
        if status == 502:
            return CLOSED
        answer = rig.parsed(body)
        if not answer:
            return "%d %r" % (status, body[:100])
        if status != answer.get("code"):
            return "status %d and code %r" % (status, answer.get("code"))
        if answer.get("truncated"): # it says so
            return ERROR
        if status == code and answer["data"] == data:
            return RIGHT if answer.get("leftover", 0) >= left else ERROR
        if status == 503:
            return ERROR if self.client.headers.get("Retry-After") else "503 without Retry-After"
        if status == 500 and "exit_code" not in answer and "signal" not in answer:
            return ERROR
        return "%d %r" % (status, body[:160])

    def mark(self):
        self.marks += 1
        return "mark-%d-%d" % (os.getpid(), self.marks)

    def echo(self):
        mark = self.mark()
        return self.judge(self.client.ask("GET", "/echo?m=" + mark), 200, mark + "\n")

    def big(self):
        return self.judge(self.client.ask("GET", "/big"), 200, "x" * 300000)

    def left(self):
        mark = self.mark()
        return self.judge(self.client.ask("GET", "/left?m=" + mark), 200, mark + "\n", 2)

    def fails(self):
        return self.judge(self.client.ask("POST", "/fails", body=b"y" * 9000), 500, "no\n")

    def body(self):
        said = self.mark() * 900
        return self.judge(self.client.ask("POST", "/body", body=said.encode()), 200, said)

    def late(self):
        got = self.client.ask("GET", "/late")
        # On a busy machine it has not begun to speak.
        return self.judge(got, 504, rig.parsed(got[1]).get("data") or "")

    def missing(self):
        got = self.client.ask("GET", "/missing")
        ok = got[0] == 500 and b"no-such-command" in got[1]
        return RIGHT if ok else CLOSED if got[0] == 502 else ERROR if got[0] == 503 else repr(got)

    def stranger(self):
        got = self.client.ask("GET", "/echo?m=1", key="0" * 64)
        return RIGHT if got[0] == 401 else CLOSED if got[0] == 502 else repr(got)

    def one(self, call, arg, may, error, nth, kinds):
        """Returns whether the failure came to pass."""
        what = "%s %s at %d" % (call, error, nth)
        may |= RIGHT
        if error in SOFT:
            may = RIGHT
        r = self.responder
        if not r.arm(":".join([call, error.rstrip("!"), str(nth)] + ([arg] if arg else []))):
            self.tap.wrong(what + ": cannot be armed")
            return False
        failed = False
        for i in range(nth * 4 + 8):
            kind = kinds[i % len(kinds)]
            verdict = kind(self)
            if not isinstance(verdict, int):
                self.tap.wrong("%s: %s: %s" % (what, kind.__name__, verdict))
            elif not verdict & may:
                self.tap.wrong("%s: %s: %s" % (what, kind.__name__,
                               {ERROR: "an error", CLOSED: "closed"}[verdict]))
            if not rig.alive(r.pid):
                self.tap.wrong("%s: %s: the responder has ended" % (what, kind.__name__))
                r.close()
                self.start()
                return True
            failed = r.failed()
            if failed:
                break
        if failed and self.echo() != RIGHT:
            self.tap.wrong(what + ": the next request is not answered")
        return failed

    def settled(self):
        return (rig.descriptors(self.responder.pid) <= self.held
                and not rig.children(self.responder.pid))

    def call(self, call, arg, may, errors, most):
        done = 0
        kinds = [Live.left, Live.late] if call in SLOW else KINDS
        for error in errors.split():
            for nth in range(1, most + 1):
                if not self.one(call, arg, may, error, nth, kinds):
                    break # it does not happen so often
                done += 1
        self.responder.arm("chdir:EIO:4000000000") # nothing fails while we look
        if not rig.within(5, self.settled):
            self.tap.wrong("%s: left: %d descriptors instead of %d, children %s" % (
                call, rig.descriptors(self.responder.pid), self.held,
                rig.children(self.responder.pid)))
        if rig.marked("mark-%d-" % os.getpid()):
            self.tap.wrong("%s: commands are left: %s" % (call, rig.marked("mark-%d-" % os.getpid())))
        return done


KINDS = [Live.echo, Live.left, Live.big, Live.fails, Live.body, Live.stranger, Live.missing]
SLOW = ("kill", "pidfd_send_signal", "pidfd_open", "waitid")


def live(tap, only):
    trial = Live(tap, sorted({row[0] for row in LIVE} | {"clone", "clone3"}))
    trial.start()
    most = rig.scaled(3, 20)
    said = trial.responder.said().split("spawn=")[-1].split()
    for call, arg, may, errors in LIVE:
        begin = time.monotonic()
        if call == CLONE and said[0] == "clone3":
            call = "clone3"
        if only and call not in only:
            continue
        if call in ("pidfd_open", "pidfd_send_signal") and said[0] == "vfork-sigchld":
            continue # there are no pidfds here
        if call == "pidfd_open" and "vfork" in said:
            may |= ERROR # there it is a part of each start
        done = trial.call(call, arg, may, errors, most)
        if done == 0:
            tap.wrong("%s %s: has not failed once" % (call, arg))
        print("%-18s %4d failures %5.1f s" % (call, done, time.monotonic() - begin), flush=True)
    status = trial.responder.end()
    if status != 0:
        tap.wrong("it ends with %s" % status)


def start_once(tap, client, call, error, nth):
    """Returns whether the failure came to pass."""
    what = "start: %s %s at %d" % (call, error, nth)
    if os.path.exists(PID_FILE):
        os.unlink(PID_FILE)
    r = Faulty([call], "%s:%s:%d" % (call, error, nth))
    # The line of the log may be what fails to be written.
    rig.within(20, lambda: os.path.exists(PID_FILE) or r.process.poll() is not None)
    ready = os.path.exists(PID_FILE) and r.process.poll() is None
    if ready:
        # It may fail no sooner than now.
        got = client.ask("GET", "/echo?m=" + what.replace(" ", "-"))
        failed = r.failed()
        right = got[0] == 200 and what.replace(" ", "-") in got[1].decode()
        if not right and (got[0] not in (500, 502, 503) or not failed
                          or client.ask("GET", "/echo?m=1")[0] != 200):
            tap.wrong("%s: ready, but answers %r" % (what, got))
        status = r.end()
        if status != 0:
            tap.wrong("%s: ready, but ends with %s" % (what, status))
    else:
        status = r.wait()
        said = r.said()
        r.close()
        if status is None:
            tap.wrong("%s: neither ready nor ended: %s" % (what, said[-200:]))
        elif status == 128 + 11 and "INFO start" not in said and call in LOADER:
            pass # the dynamic loader, which does not look
        elif status == 0 or status >= 128 or status == 99:
            tap.wrong("%s: ends with %s: %s" % (what, status, said[-200:]))
        elif not any(w in said for w in ("ERROR", "error while loading", "cannot ")):
            if call not in ("writev", "write"):
                tap.wrong("%s: ends without a word: %s" % (what, said[-200:]))
        failed = True
    return failed


def start(tap, only):
    client = rig.Client()
    most = rig.scaled(1, 20)
    for call, errors in START:
        if only and call not in only:
            continue
        if call == "clone3" and (os.environ.get("CMON_WAY") or call) != call:
            continue # refused before it can fail
        begin, done = time.monotonic(), 0
        for error in errors.split():
            for nth in range(1, MOST.get(call, most) + 1):
                if not start_once(tap, client, call, error, nth):
                    break
                done += 1
        if done == 0:
            tap.wrong("%s: has not failed once" % call)
        print("%-18s %4d starts %5.1f s" % (call, done, time.monotonic() - begin), flush=True)


if __name__ == "__main__":
    tap = rig.Tap()
    {"live": live, "start": start}[sys.argv[1]](tap, sys.argv[2:])
    tap.end()
