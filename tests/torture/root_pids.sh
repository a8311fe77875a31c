#!/bin/sh
# tests/torture/root_pids.sh -- at pids.max of its cgroup: clean refusals, and service back at once.
#
# Root makes a cgroup (v1 or v2) with the pids controller; the responder runs as
# nobody in it.  5 s.
limit=120
also="tests/torture"
as_root=yes
. "${0%/*}/../it/lib.sh"

pids_root() { # where a cgroup with a pids controller can be made
    for it_dir in /sys/fs/cgroup/pids /sys/fs/cgroup /sys/fs/cgroup/unified; do
        if [ "$it_dir" = /sys/fs/cgroup/pids ] || grep -qsw pids "$it_dir/cgroup.subtree_control"; then
            mkdir "$it_dir/cmon-torture-$$" 2>/dev/null || continue
            [ ! -e "$it_dir/cmon-torture-$$/pids.max" ] || { echo "$it_dir/cmon-torture-$$"; return; }
            rmdir "$it_dir/cmon-torture-$$"
        fi
    done
}

group=$(pids_root)
[ -n "$group" ] || it_skip_all "no pids controller in which to make a cgroup"
trap 'rmdir "$group" 2>/dev/null || { sleep 1; rmdir "$group"; }' EXIT
trap 'exit 129' HUP INT TERM

. "$T/src/tests/torture/torture.sh"
torture_conf
chown -R nobody:nogroup "$T"
serve_web
AS_NOBODY=yes
export AS_NOBODY
torture "at pids.max it answers 503 with Retry-After, and serves at once when there is room" \
    shortage.py pids "$group"
finish
