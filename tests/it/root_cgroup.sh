#!/bin/sh
# tests/it/root_cgroup.sh -- a responder in a cgroup that was handed to its user, as systemd delegates them.
limit=120 as_root=yes
. "${0%/*}/lib.sh"

# A user that no other test is, whose next start might end what is left here for ours.
user=$((1000000 + $$))
SOCK_MODE=0660 # the web server is in nogroup

# Our own cgroup in each hierarchy that is mounted, one line each: "NAME DIRECTORY".
hierarchies() {
    python3 - <<'EOC'
own = dict((l.split(":", 2)[1], l.rstrip("\n").split(":", 2)[2]) for l in open("/proc/self/cgroup"))
for l in open("/proc/self/mountinfo"):
    left, right = l.rstrip("\n").split(" - ")
    root, at = left.split()[3:5]
    kind, _, opts = right.split()[:3]
    names = {"": "v2"} if kind == "cgroup2" else {n: n for n in opts.split(",")} if kind == "cgroup" else {}
    for name, label in names.items():
        path = next((p for k, p in own.items() if k == name or name and name in k.split(",")), None)
        if path is not None and path.startswith(root.rstrip("/")):
            print(label, at + path[len(root.rstrip("/")):].rstrip("/"))
EOC
}

made=
trap 'for d in $made; do find "$d" -depth -type d -exec rmdir {} + 2>/dev/null; done' EXIT
hierarchies | grep -E '^(v2|freezer|memory|cpu|pids) ' >hierarchies
: >enter
while read -r name dir; do
    mine=$dir/cmon-it-$$
    mkdir "$mine" 2>/dev/null || continue
    made="$made $mine"
    echo "$name" >>delegated
    chown "$user" "$mine" "$mine/cgroup.procs"
    [ ! -e "$mine/cgroup.subtree_control" ] || chown "$user" "$mine/cgroup.subtree_control"
    echo "echo \$\$ >$mine/cgroup.procs || exit" >>enter
done <hierarchies
grep -qxE 'v2|freezer' delegated 2>/dev/null || { echo "1..0 # SKIP no cgroup hierarchy to delegate" && exit; }
{ cat enter && echo 'exec setpriv --reuid='"$user"' --regid=nogroup --clear-groups -- "$@"'; } >delegated.sh
# Each sleeps for a time of its own, by which it is found.
sed "s/sleep \(7[0-9]\)/sleep \1.$$/g" <<'EOC' | conf
max_running = 16
restart = replace
route "/daemon"   { argv = { sh, "-c", "setsid sh -c 'sleep 71 & exec sleep 72' & sleep 0.3" } }
route "/hang"     { argv = { sh, "-c", "setsid sleep 73 & sleep 74" } }
route "/detached" { argv = { sh, "-c", "setsid sleep 75 >/dev/null 2>&1 & echo started" } detach = yes }
route "/sleep"    { argv = { sleep, "3" } }
route "/never"    { argv = { cat, "/proc/self/cgroup" } cgroup = never }
route "/where"    { argv = { cat, "/proc/self/cgroup" } cgroup = always }
route "/hungry"   { argv = { sh, "-c", "head -c 200M /dev/zero | tail -n 1 | wc -c" } memory = 16M }
route "/slow"     { argv = { bash, "-c", "timeout 2 sh -c 'while :; do :; done'; times" } cpus = 0.1 }
route "/bomb"     { argv = { sh, "-c", "i=0; while [ $i -lt 60 ]; do sleep 76 & i=$((i + 1)); done 2>/dev/null" } pids = 20 }
EOC
chmod 711 "$T"
chown -R "$user:nogroup" "$T"

sleepers() { # N: how many of our commands sleep so long
    pgrep -cxf "sleep $1.$$"
}
are() { # COUNT N
    [ "$(sleepers "$2")" = "$1" ]
}
owned() { # how many directories of responders there are
    # shellcheck disable=SC2086
    find $made -maxdepth 1 -name 'cmon-[0-9]*' | wc -l
}
parts() { # PART: whether its limits are held here
    grep -qx "$1" delegated
}

serve sh delegated.sh
serve_web
ask GET /where
like "a command is in a cgroup of its own" "$(json .data)" '/cmon-it-[0-9]+/cmon-[0-9]+\.[0-9]+/run-[0-9]+'
ask GET /never
like "never means none" "$(json '.data | contains("/run-")')" '^false$'

ask_meanwhile sleep GET /sleep
ask GET /daemon
is "daemons of a run that overlaps another are killed and counted" "$(json .leftover)" 2
is "none is left" "$(sleepers 71) $(sleepers 72)" "0 0"
wait "$asked"
is "and the other one has not been hit" "$(cat sleep.code)" 200

if parts memory; then
    ask GET /hungry
    is "too much memory is told" "$(json .oom)" true
fi
if parts cpu; then
    ask GET /slow
    used=$(json .data | sed -n '2s/0m\([0-9]*\)\..*/\1/p')
    is "two seconds on a tenth of a CPU are less than one" "$used" 0
fi
if parts pids; then
    ask GET /bomb
    left=$(json .leftover)
    ok "a fork bomb is held and ended: $left" [ "$left" -ge 10 -a "$left" -le 20 ]
    is "nothing of it is left" "$(sleepers 76)" 0
fi

ask GET /detached
is "what a detached command has left is alive" "$(json .code) $(sleepers 75)" "200 1"
kill -USR2 "$pid"
within 10 gone "$pid"
wait "$pid" 2>/dev/null
pid=$(pgrep -u "$user" -xf "$CMON -c $CONF")
ask GET /where
is "after a restart it still is, and the next one serves" "$code $(sleepers 75)" "200 1"

ask_meanwhile hang GET /hang
within 10 are 1 73 && within 10 are 1 74
kill -KILL "$pid"
within 10 gone "$pid"
wait "$asked"
is "a responder that is killed leaves what it ran" "$(sleepers 73) $(sleepers 74)" "1 1"
pid=
serve sh delegated.sh
is "the next one ends it, and not what was detached" "$(sleepers 73) $(sleepers 74) $(sleepers 75)" "0 0 1"
stop
before=$(owned)
ok "what is detached keeps its cgroup" [ "$before" -ge 1 ]
pkill -KILL -u "$user" -xf "sleep 75.$$"
within 10 are 0 75
serve sh delegated.sh
stop
is "no cgroup is left once it has ended" "$(owned)" 0

# The kernel takes children that are born elsewhere for late ones of a cgroup
# that was killed.
killed=$(sed -n 's/^v2 //p' hierarchies)/cmon-it-$$
if [ -e "$killed/cgroup.kill" ]; then
    echo 1 >"$killed/cgroup.kill"
    is "in a cgroup that was killed once commands live" \
        "$(sh delegated.sh "$CMON" run -c "$CONF" /where >where && echo $?) $(grep -c '^0::.*/run-' where)" "0 1"
else
    skip "in a cgroup that was killed once commands live" "this kernel has no cgroup.kill"
fi
finish
