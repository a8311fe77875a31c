#!/bin/sh
# tests/torture/nomem.sh -- an allocation fails, each in turn: no crash, no wrong answer, and it goes on.
#
# malloc, calloc, realloc, mmap of cmon and all its libraries but libfcgi, while
# it starts, checks its configuration, runs a route on the terminal, reloads,
# answers: see nomem.py.  Short (every ninth): about 15 s; in full 2 minutes.
limit=1800
also="tests/torture"
built="tests/torture/nomem.so"
. "${0%/*}/../it/lib.sh"

[ -z "$SAN" ] || it_skip_all "a sanitizer has allocators of its own"
. "$T/src/tests/torture/torture.sh"
torture_conf
serve_web
torture "no allocation that fails does harm" nomem.py
torture "a machine without memory ends nothing, and service is back at once" starve.py
finish
