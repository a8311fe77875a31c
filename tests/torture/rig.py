# tests/torture/rig.py -- what the drivers share: requests through nginx, and what a responder holds.
#
# The shell around a driver (tests/it/lib.sh) has started nginx, and says in the
# environment where all is: T, URL, KEY, SOCK, LOG, CONF, CMON.
import http.client
import json
import os
import ssl
import subprocess
import time
import urllib.parse

T, SOCK, LOG = os.environ["T"], os.environ["SOCK"], os.environ["LOG"]
CONF, CMON, KEY = os.environ["CONF"], os.environ["CMON"], os.environ["KEY"]
URL = urllib.parse.urlsplit(os.environ["URL"])
AS = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] \
    if os.environ.get("AS_NOBODY") else []
# nginx is nobody when we are root.
MODE = "0666" if os.getuid() == 0 and not AS else "0600"
SHARE = int(os.environ.get("SHARE") or 0)  # percent of the full counts; 0: the short form


def scaled(short, full):
    """How many of something: the short form's, or this run's share of the full number."""
    return max(short, full * SHARE // 100) if SHARE else short


class Client:
    """One kept connection to nginx."""

    def __init__(self, timeout=20):
        self.context = ssl.create_default_context(cafile=T + "/tls.crt")
        self.timeout = timeout
        self.conn = None

    def ask(self, method, path, key=KEY, body=None):
        """Returns (status, body); status 0: no answer, the body says why."""
        headers = {"access_token": key} if key else {}
        for fresh in (self.conn is None, True):
            try:
                if self.conn is None:
                    self.conn = http.client.HTTPSConnection(
                        URL.hostname, URL.port, context=self.context, timeout=self.timeout)
                self.conn.request(method, URL.path + path, body=body, headers=headers)
                answer = self.conn.getresponse()
                self.headers = answer.headers
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as e:
                self.close()
                # nginx closes a kept connection after many requests.
                if fresh or isinstance(e, TimeoutError):
                    return 0, repr(e).encode()
        return 0, b""

    def close(self):
        if self.conn is not None:
            self.conn.close()
        self.conn = None


def parsed(body):
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def status_of(pid):
    """The letter of its state and its parent."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            words = f.read().rsplit(")", 1)[1].split()
        return words[0], int(words[1])
    except OSError:
        return "", 0


def alive(pid):
    return status_of(pid)[0] not in ("", "Z", "X")


def children(pid):
    """Living and dead children of all its threads."""
    found = []
    try:
        for tid in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, tid)) as f:
                found += [int(p) for p in f.read().split()]
    except OSError:
        pass
    return found


def descriptors(pid):
    try:
        return len(os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return -1


def rss(pid):
    """KiB."""
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


def marked(marker):
    """Processes that carry the marker as (part of) an argument or a variable's value."""
    found = []
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or int(pid) == os.getpid():
            continue
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                if marker.encode() in f.read() and alive(int(pid)):
                    found.append(int(pid))
        except OSError:
            continue
    return found


def cgroups(pids):
    """The directories that responders of these pids have, in all hierarchies."""
    with open("/proc/self/mountinfo") as f:
        mounts = [line.split()[4] for line in f if line.split(" - ")[1].split()[0] in ("cgroup", "cgroup2")]
    names = tuple("cmon-%d." % pid for pid in pids)
    return [os.path.join(where, d) for mount in mounts for where, below, _ in os.walk(mount)
            for d in below if d.startswith(names)]


def within(seconds, check):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Responder:
    """cmon under spawn-fcgi; `before` are words in front of it."""

    def __init__(self, before=(), env=None, **how):
        self.log_at = os.path.getsize(LOG) if os.path.exists(LOG) else 0
        self.log = open(LOG, "ab")
        self.process = subprocess.Popen(
            [*before, *AS, "spawn-fcgi", "-n", "-s", SOCK, "-M", MODE, "--", CMON, "-c", CONF],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=env, **how)
        self.pid = self.process.pid

    def said(self):
        with open(LOG, "rb") as f:
            f.seek(self.log_at)
            return f.read().decode(errors="replace")

    def ready(self, seconds=20):
        """Whether it got ready; False also when it ended."""
        within(seconds, lambda: " ready" in self.said() or self.process.poll() is not None)
        return " ready" in self.said()

    def end(self, seconds=20):
        """SIGTERM; returns the exit status, negative for a signal, None if it does not end."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait(seconds)

    def wait(self, seconds=20):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
        finally:
            self.log.close()
        return self.process.returncode


class Tap:
    """What went wrong, in the words of the shell's ok(): the first ones are shown."""

    def __init__(self):
        self.bad = []

    def wrong(self, words):
        self.bad.append(words)
        print("wrong: " + words[:300], flush=True)

    def end(self):
        raise SystemExit(1 if self.bad else 0)
