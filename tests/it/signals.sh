#!/bin/sh
# tests/it/signals.sh -- how it ends, drains, and lives through a lack of descriptors.
. "${0%/*}/lib.sh"

routes() {
    conf <<-EOC
	drain_timeout = 3
	grace = 0.5
	pid_file = "cmon.pid"
	route "/second" { argv = { "sh", "-c", "echo \$\$ >second.pid; sleep 1; echo finished" } }
	route "/talker" {
	    argv = { "sh", "-c", "(sleep 0.2; head -c 1500000 /dev/zero && touch wrote) &" }
	    detach = yes
	}
	route "/meanwhile" { argv = { "sh", "-c", "echo > second.pid; sleep 2.4" } }
	route "/polite" {
	    argv = { "sh", "-c", "trap 'echo >polite; exit 3' TERM; echo >polite.pid; while :; do sleep 0.1; done" }
	}
	route "/deaf"   { argv = { "sh", "-c", "trap '' TERM; echo >deaf.pid; while :; do sleep 0.1; done" } }
	route "/long"   { argv = { "sh", "-c", "echo \$\$ >long.pid; sleep 30" } }
	$1
	EOC
}
routes
serve
serve_web
[ -n "$SAN" ] && most=2000 || most=200

# One of the three is quick also where something else takes the machine for a moment.
quickest=$most
for signal in TERM INT QUIT; do
    [ -n "$pid" ] || serve
    ask GET /health
    begin=$(now_ms)
    stop $signal
    took=$(($(now_ms) - begin))
    is "SIG$signal when idle ends it with 0" $ended 0
    [ $took -ge $quickest ] || quickest=$took
done
ok "within $most ms ($quickest)" [ $quickest -lt $most ]
like "the stop is logged" "$(cat "$LOG")" ' INFO stop'
like "and that all was drained" "$(cat "$LOG")" ' INFO drained'

serve
kill -PIPE "$pid"
kill -USR1 "$pid" 2>/dev/null
sleep 0.2
note "after SIGPIPE and SIGUSR1: $(gone "$pid" && echo ended || echo alive)"
gone "$pid" && { wait "$pid"; serve; }

for signal in TERM INT QUIT; do
    rm -f second.pid
    ask_meanwhile drained GET /second
    within 5 [ -s second.pid ] || fail "the command has started"
    stop $signal
    wait "$asked"
    is "SIG$signal lets a running command finish and answers it" \
        "$(cat drained.code) $(jq -r .data drained.body)" "200 finished"
    is "and then ends with 0" $ended 0
    serve
done

# What a detached command has left may go on talking while we drain.
rm -f wrote second.pid
ask GET /talker
ask_meanwhile drained GET /meanwhile
within 5 [ -s second.pid ] || fail "the command has started"
kill -TERM "$pid"
wait "$asked"
ok "what was left running is listened to while it drains" [ -e wrote ]
wait "$pid"
serve

# While it drains it takes no more connections.
rm -f long.pid
ask_meanwhile long GET /long
within 5 [ -s long.pid ] || fail "the command has started"
begin=$(now_ms)
kill -TERM "$pid"
sleep 0.3
raw good read:1 >late 2>&1
like "a request after SIGTERM is not served by the old one" "$(cat late)" '^\[silent\]$|^\[closed\]$|^Status: 503|refused'
wait "$pid"
ended=$?
pid=
took=$(($(now_ms) - begin))
wait "$asked"
ok "draining ends at drain_timeout ($took ms)" [ $took -gt 2500 -a $took -lt 7000 ]
is "with 0" $ended 0
like "the command that did not end is answered" "$(cat long.code) $(json .status)" '^(50[0234]) error$|^50[0234]'
ok "and ended" within 3 gone "$(cat long.pid)"

serve
rm -f long.pid
ask_meanwhile long GET /long
within 5 [ -s long.pid ] || fail "the command has started"
begin=$(now_ms)
kill -TERM "$pid"
sleep 0.3
kill -TERM "$pid"
wait "$pid"
pid=
took=$(($(now_ms) - begin))
wait "$asked"
ok "a second SIGTERM ends the draining at once ($took ms)" [ $took -lt 2500 ]
ok "and the command" within 3 gone "$(cat long.pid)"

# Who has connected is about to ask.
serve
raw sleep:0.8 good read >late 2>&1 &
late=$!
connected() { # the socket that listens, and one that somebody has connected to
    [ "$(grep -c "$SOCK\$" /proc/net/unix)" -ge 2 ]
}
within 5 connected
stop
wait $late
like "who had connected before the stop may still ask" "$(cat late)" '^Status: 200'

# What does not end by then gets SIGTERM, and SIGKILL only after its grace.
serve
rm -f polite polite.pid deaf.pid
ask_meanwhile polite GET /polite
polite=$asked
ask_meanwhile deaf GET /deaf
within 5 [ -e polite.pid ] && within 5 [ -e deaf.pid ] || fail "the commands have started"
stop
wait "$polite" "$asked"
ok "past drain_timeout a command gets SIGTERM" [ -e polite ]
is "and may end by itself" "$(cat polite.code) $(jq .exit_code polite.body)" "500 3"
is "one that ignores it gets SIGKILL" "$(cat deaf.code) $(jq .signal deaf.body)" "500 9"

# A third signal does not wait for that.
routes 'grace = 20'
sed -i '/grace = 0.5/d' "$CONF"
serve
rm -f deaf.pid
ask_meanwhile deaf GET /deaf
within 5 [ -e deaf.pid ] || fail "the command has started"
begin=$(now_ms)
for signal in TERM INT QUIT; do
    kill -$signal "$pid"
    sleep 0.3
done
ok "a third signal ends who ignores SIGTERM" within 5 gone "$pid"
wait "$asked"
is "and it is answered" "$(cat deaf.code) $(jq .signal deaf.body)" "500 9"
stop
routes

# Under real, daemonising spawn-fcgi: as root's init scripts start it.
rm -f cmon.pid
spawn-fcgi -s "$SOCK" -M 0600 -P spawn.pid -- "$CMON" -c "$CONF" >spawn.out 2>&1
is "spawn-fcgi tells that it has started" $? 0
ok "the pid file is written once it is ready" within 5 [ -s cmon.pid ]
is "with the pid that spawn-fcgi knows" "$(cat cmon.pid)" "$(cat spawn.pid)"
answers 200 GET /health
kill -TERM "$(cat cmon.pid)"
ok "it ends on SIGTERM" within 5 gone "$(cat spawn.pid)"
is "and its pid file goes with it" "$(ls cmon.pid 2>/dev/null)" ""

# Without standard input, output and error, as some supervisors start things.
spawn-fcgi -n -s "$SOCK" -M 0600 -- "$CMON" -c "$CONF" >&- 2>&- &
pid=$!
within 5 [ -s cmon.pid ]
answers 200 GET /second
stop
is "closed stdout and stderr are no reason to fail" $ended 0

# No descriptors left: it waits, does not spin, and serves when there are some.
routes 'max_connections = 500'
serve
prlimit --pid "$pid" --nofile=40:40
raw crowd:100 sleep:2 >crowd.out 2>&1 &
crowd=$!
sleep 0.7
ticks() {
    awk '{ print $14 + $15 }' "/proc/$pid/stat"
}
before=$(ticks)
sleep 0.5
spent=$(($(ticks) - before))
ok "EMFILE does not make it spin ($spent ticks in half a second)" [ $spent -lt 15 ]
wait $crowd
ok "EMFILE is survived" kill -0 "$pid"
sleep 0.3
answers 200 GET /second

finish
