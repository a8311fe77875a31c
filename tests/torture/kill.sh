#!/bin/sh
# tests/torture/kill.sh -- a responder that is killed at any moment leaves nothing that the next start does not end.
#
# SIGKILL at random moments under load, see kill.py, and at one, see late.py.
# Short: 20 times, about 20 s; in full 500 times, about 4 minutes.
limit=1800
also="tests/torture"
. "${0%/*}/../it/lib.sh"

. "$T/src/tests/torture/torture.sh"
torture_trees
serve_web
torture "what a killed responder has left is ended at the next start, but what was detached stays" \
    kill.py
if [ -n "$SAN" ]; then
    skip "nor is a command left that was on its way to its program" "a sanitizer and strace do not go together"
else
    torture "nor is a command left that was on its way to its program, in a cgroup" late.py /tight
    torture "or in none" late.py /loose
fi
finish
