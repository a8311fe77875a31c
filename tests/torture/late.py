# tests/torture/late.py -- the responder is killed while a command of it is on its way to exec(2).
#
# late.py ROUTE
# strace(1) holds the child there for a second, in which the next responder starts
# and looks for what is left: it cannot tell yet whose the child is, and finds the
# owner's cgroups locked.
import os
import signal
import sys
import threading

import rig

HELD = 1000000  # us
SOON = 10
MARK = "late-%d" % os.getpid()

tap = rig.Tap()
held = rig.Responder(before=("strace", "-f", "-qq", "-o", rig.T + "/strace.out", "-e", "trace=execve",
                             "-e", "inject=execve:delay_enter=%d" % HELD))
if not held.ready():
    tap.wrong("not ready: " + held.said()[-300:])
    tap.end()
cmon = rig.children(held.pid)[0]
threading.Thread(target=rig.Client().ask, args=("GET", sys.argv[1] + "?m=" + MARK), daemon=True).start()
if not rig.within(SOON, lambda: rig.children(cmon)):
    tap.wrong("no command has started")
os.kill(cmon, signal.SIGKILL)
rig.within(SOON, lambda: not rig.alive(cmon))
os.unlink(rig.SOCK)
if rig.marked(MARK):
    tap.wrong("it was not held: the test proves nothing")
r = rig.Responder()
if not r.ready():
    tap.wrong("the next one is not ready: " + r.said()[-300:])
if not rig.within(SOON, lambda: rig.marked(MARK)):
    tap.wrong("the command never ran: the test proves nothing")
if not rig.within(SOON, lambda: not rig.marked(MARK)):
    tap.wrong("left: %s" % rig.marked(MARK))
    for pid in rig.marked(MARK):
        os.kill(pid, signal.SIGKILL)
if r.end() != 0:
    tap.wrong("the next one ends badly")
held.process.wait()
tap.end()
