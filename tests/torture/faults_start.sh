#!/bin/sh
# tests/torture/faults_start.sh -- a system call fails while the responder starts: it says so and ends, or serves.
#
# 27 system calls, the errors that each may give, at its first 20 occurrences,
# one start each: see faults.py.  Short (the first occurrence): about 10 s; in
# full about 4 minutes.
limit=1800
also="tests/torture"
built="tests/torture/fault"
. "${0%/*}/../it/lib.sh"

[ -z "$SAN" ] || it_skip_all "a sanitizer does not survive what cmon does"
. "$T/src/tests/torture/torture.sh"
torture_conf 'pid_file = "cmon.pid"'
serve_web
torture "a system call that fails at the start is told, and ends it, or is done without" faults.py start
finish
