#!/bin/sh
# tests/torture/faults_live.sh -- a system call fails while requests are served: right, an error, or closed, and on.
#
# 28 system calls, the errors that each may give, at its first 20 occurrences:
# see faults.py.  Short (3 occurrences): about 20 s; in full about 3 minutes.
limit=1800
also="tests/torture"
built="tests/torture/fault"
. "${0%/*}/../it/lib.sh"

[ -z "$SAN" ] || it_skip_all "a sanitizer does not survive what cmon does"
. "$T/src/tests/torture/torture.sh"
torture_conf
serve_web
torture "a failing system call leads to the right answer or an error, and the next request is answered" \
    faults.py live
finish
