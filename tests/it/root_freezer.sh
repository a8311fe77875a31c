#!/bin/sh
# tests/it/root_freezer.sh -- commands held and ended by version 1 alone: its freezer, its limits.
#
# Version 2 is taken away in a mount namespace of its own, as a machine is that
# has none.
limit=120 as_root=yes
. "${0%/*}/lib.sh"

cat >v1.sh <<'END'
#!/bin/sh
mount --make-rprivate / || exit
for at in $(awk '$3 == "cgroup2" { print $2 }' /proc/mounts); do
    umount "$at" || exit
done
exec "$@"
END
v1() {
    unshare -m sh "$T/v1.sh" "$@"
}
v1 true >said 2>&1 || it_skip_all "version 2 cannot be taken away: $(head -n 1 said)"

# The disk that our directory is on, if it is on one.
disk=$(df --output=source "$T" | tail -n 1)
[ ! -b "$disk" ] || disk=/dev/$(lsblk -no PKNAME "$disk" | grep . || echo "${disk##*/}")
head -c 2M /dev/urandom >file && sync file
[ -b "$disk" ] && dd if=file of=/dev/null bs=64K iflag=direct 2>/dev/null || disk=
# Each sleeps for a time of its own, by which it is found.
{
    sed "s/sleep \(7[0-9]\)/sleep \1.$$/g" <<'END'
route "/where"  { argv = { cat, "/proc/self/cgroup" } cgroup = always }
route "/daemon" { argv = { sh, "-c", "setsid sh -c 'sleep 71 & exec sleep 72' & sleep 0.3" } }
route "/hang"   { argv = { sh, "-c", "setsid sh -c 'sleep 73 & exec sleep 74' & sleep 75" } timeout = 0.5 grace = 0.5 }
route "/crowd"  { argv = { sh, "-c", "i=0; while [ $i -lt 300 ]; do sleep 76 & i=$((i + 1)); done" } }
route "/bomb"   { argv = { sh, "-c", "i=0; while [ $i -lt 60 ]; do sleep 77 & i=$((i + 1)); done 2>/dev/null" } pids = 20 }
route "/stays"  { argv = { sh, "-c", "echo $$ >stays.pid; setsid sleep 78 & exec sleep 79" } }
END
    [ -z "$disk" ] || echo "route \"/read\" { argv = { dd, \"if=file\", \"of=/dev/null\", \"bs=64K\", \"iflag=direct\" }" \
        "io_read = \"$disk 1M\" }"
} | conf

sleepers() { # N...: how many of our commands sleep so long
    it_sum=0
    for it_time; do
        it_sum=$((it_sum + $(pgrep -cxf "sleep $it_time.$$")))
    done
    echo $it_sum
}
are() { # COUNT N...
    it_count=$1
    shift
    [ "$(sleepers "$@")" = "$it_count" ]
}
run() { # ROUTE; leaves the answer in `body`
    v1 "$CMON" run --json -c "$CONF" "$1" >body 2>err
}
held() { # PART: check-config says that version 1 holds it
    grep -q ": $1 .*held by cgroup v1" limits
}

v1 "$CMON" check-config -c "$CONF" >limits 2>/dev/null
run /where || it_skip_all "no freezer of version 1: $(head -c 200 err body)"
like "a command is in a freezer of its own" "$(json .data)" ':freezer:.*/cmon-[0-9]+\.[0-9]+/run-[0-9]+$'
is "and in no other cgroup of ours" "$(json .data | grep -c /cmon-)" 1

run /daemon
is "what called setsid is killed and counted" "$(json .leftover) $(sleepers 71 72)" "2 0"
run /hang
is "a timeout ends all of it" "$(json .code) $(sleepers 73 74 75)" "504 0"
run /crowd
is "so it is with more of them than are looked at at a time" "$(json .leftover) $(sleepers 76)" "300 0"

if held pids; then
    run /bomb
    left=$(json .leftover)
    ok "a fork bomb is held and ended: $left" [ "$left" -ge 10 -a "$left" -le 20 ]
    is "nothing of it is left" "$(sleepers 77)" 0
else
    skip "a fork bomb is held and ended" "$(grep ': pids ' limits)"
fi
if [ -z "$disk" ] || ! held io_read || [ ! -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ]; then
    skip "reads keep to their rate" "no disk, or no throttle of version 1"
else
    run /read
    is "two megabytes at one a second take more than one" "$(json '.exit_code == 0 and .duration_ms > 1000')" true
fi

for try in 1 2 3; do # another test's start, which ends what any cmon of root's has left, may come first
    unshare -m sh v1.sh "$CMON" run -c "$CONF" /stays >out 2>&1 &
    cmon=$! # each becomes the next
    within 20 are 2 78 79 || fail "it runs"
    kill -KILL "$cmon"
    wait "$cmon" 2>/dev/null
    left=$(sleepers 78 79)
    [ "$left" != 2 ] || break
done
is "a cmon that is killed leaves what it ran (try $try)" "$left" 2
run /where
ok "the next one ends it" within 10 are 0 78 79
for it_dir in /sys/fs/cgroup/*; do
    ls -d "$it_dir/cmon-$cmon."*
done >left 2>/dev/null
is "and removes its cgroup" "$(cat left)" ""
finish
