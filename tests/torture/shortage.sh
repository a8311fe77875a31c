#!/bin/sh
# tests/torture/shortage.sh -- out of processes or descriptors: clean refusals, and service back at once.
#
# RLIMIT_NPROC and RLIMIT_NOFILE of the live responder (see shortage.py; pids.max
# is in root_pids.sh).  Short: 5 s at EMFILE, 10 s in all; in full 60 s at EMFILE.
limit=300
also="tests/torture"
. "${0%/*}/../it/lib.sh"

. "$T/src/tests/torture/torture.sh"
torture_conf
serve_web
torture "without processes (RLIMIT_NPROC) it answers 503 with Retry-After, and serves at once when there are" \
    shortage.py nproc
torture "without descriptors it neither spins nor stops, and serves within a second when there are" \
    shortage.py nofile
finish
