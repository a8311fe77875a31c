#!/bin/sh
# tests/torture/root_kill.sh -- a responder of root's that is killed at any moment leaves no cgroup either.
#
# As kill.sh, with commands in cgroups, see kill.py.  Short: 20 times, about
# 10 s; in full 500 times, about 3 minutes.
limit=1800
also="tests/torture"
as_root=yes
. "${0%/*}/../it/lib.sh"

. "$T/src/tests/torture/torture.sh"
torture_trees
"$CMON" run -c "$CONF" /fenced >said 2>&1 || it_skip_all "$(head -n 1 said)"
chmod 711 "$T"
serve_web
torture "what a killed responder has left is ended at the next start, and its cgroups are gone" \
    kill.py cgroups
finish
