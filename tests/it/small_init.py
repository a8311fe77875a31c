#!/usr/bin/python3
# tests/it/small_init.py -- the least that a process 1 must do, as tini does it.
#
# small_init.py PROGRAM [ARGUMENT...]: starts it, passes SIGTERM on, reaps all,
# and ends as it does.

import os
import signal
import sys

program = os.fork()
if program == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(program, signal.SIGTERM))
while True:
    pid, status = os.wait()
    if pid == program:
        sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
