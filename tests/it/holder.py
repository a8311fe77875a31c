#!/usr/bin/python3
# tests/it/holder.py -- a supervisor: holds a listening socket and starts a program on it.
#
# holder.py SOCKET PROGRAM [ARGUMENT...]
#
# The program finds the socket as descriptor 0.  Whenever it ends, the next one is
# started.  SIGTERM ends the program and then us, with its status.

import os
import signal
import socket
import subprocess
import sys

path, command = sys.argv[1], sys.argv[2:]
held = socket.socket(socket.AF_UNIX)
held.bind(path)
os.chmod(path, 0o600)
held.listen(1024)
program = None
ending = False


def end(_signal, _frame):
    global ending
    ending = True
    if program is not None:
        program.terminate()


signal.signal(signal.SIGTERM, end)
while True:
    program = subprocess.Popen(command, stdin=held)
    status = program.wait()
    if ending:
        sys.exit(status)
