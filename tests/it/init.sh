#!/bin/sh
# tests/it/init.sh -- as process 1 of a PID namespace: it reaps, passes on, drains, restarts, ends.
limit=150
also="tests/it/load.py tests/it/small_init.py"
[ -z "${CMON_FULL-}" ] || limit=300
. "${0%/*}/lib.sh"

space="unshare --user --map-current-user --pid --fork --kill-child --mount-proc"
$space true 2>/dev/null || it_skip_all "unshare may make no PID namespace here"

if [ -n "$CMON_FULL" ]; then times=20; else times=4; fi
[ -n "$SAN" ] && crowd="/fast:2 /slow:4" || crowd="/fast:6 /slow:10"
[ -n "$SAN" ] && most=3000 || most=300

routes() { # [TEXT]
    conf <<-EOC
	pid_file = "cmon.pid"
	drain_timeout = 3
	grace = 1
	max_running = 64
	queue = 200
	route "/fast"   { argv = { "echo", "{n}" }  param "n" { type = int } }
	route "/slow"   { argv = { "sh", "-c", "sleep 0.\$((3 + \$1 % 6)); echo \$1", "sh", "{n}" }  param "n" { type = int } }
	route "/kill"   { argv = { "kill", "-{signal}", "1" }  param "signal" { type = text  pattern = "[A-Z0-9]+" } }
	route "/second" { argv = { "sh", "-c", "echo >started; sleep 1; echo finished" } }
	route "/polite" { argv = { "sh", "-c", "trap 'echo >polite; exit 0' TERM; echo >started; while :; do sleep 0.1; done" } }
	route "/deaf"   { argv = { "sh", "-c", "trap '' TERM; echo >started; while :; do sleep 0.1; done" } }
	route "/double" { argv = { "sh", "-c", "(setsid sh -c 'sleep 30' & exit 0); echo done" } }
	route "/left"   {
	    argv = { "sh", "-c", "setsid sh -c 'trap \"echo >left; exit\" TERM; echo >leaving; while :; do sleep 0.1; done' >/dev/null 2>&1 &" }
	    detach = yes
	}
	${1-}
	EOC
}

children() { # PID
    cat "/proc/$1/task/$1/children" 2>/dev/null
}

# Starts cmon as process 1: `pid` is unshare's, which ends as process 1 does,
# and `one` the number of process 1 outside.
serve_as_1() {
    rm -f cmon.pid started
    # shellcheck disable=SC2086
    serve $space
    one=$(children "$pid" | tr -d ' ')
}

inside() { # COMMAND...: of somebody else in the namespace
    nsenter --preserve-credentials -U -m -p -t "$one" -- "$@"
}

zombies() { # of process 1 and all below it
    for it_p in $one $(children "$one"); do
        for it_c in $(children "$it_p"); do
            sed -n 's/^\([0-9]*\) (\(.*\)) Z .*/\1 \2/p' "/proc/$it_c/stat" 2>/dev/null
        done
    done
}

no_zombies() {
    [ -z "$(zombies)" ]
}

changed() { # PID
    [ -s cmon.pid ] && [ "$(cat cmon.pid)" != "$1" ]
}

lines() {
    grep -cE -- "$1" "$LOG"
}

more() {
    [ "$(lines "$1")" -gt "$2" ]
}

ends_with() { # PROMISE STATUS: unshare, and so process 1, ends
    within 20 gone "$pid" || fail "it ends"
    wait "$pid"
    is "$1" $? "$2"
    pid=
}

routes
serve_as_1
serve_web
is "it is process 1 there" "$(awk '/^NSpid/ { print $NF }' "/proc/$one/status")" 1

# --- orphans -----------------------------------------------------------------
inside sh -c 'for i in 1 2 3 4 5; do (sleep 0.2 &) ; done'
sleep 0.6
ok "before the first request orphans of others are reaped" within 3 no_zombies
inside sh -c 'setsid sh -c "echo \$\$ >$T/stranger; exec sleep 50" >/dev/null 2>&1 &'
within 5 [ -s stranger ] || fail "a stranger lives there"
answers 200 GET /double
like "what a command left behind is ended, as anywhere" "$(json .leftover)" '^[1-9]'
ask_meanwhile second GET /second
inside sh -c 'for i in 1 2 3 4 5; do (sleep 0.2 &) ; done'
wait "$asked"
sleep 1.5
ok "while commands run, too" within 3 no_zombies
ok "and a stranger is nobody's to end" inside kill -0 "$(cat stranger)"

# --- signals -----------------------------------------------------------------
answers 200 GET "/kill?signal=KILL"
sleep 0.3
ok "SIGKILL from inside does nothing to process 1" kill -0 "$one"
before=$(lines ' INFO reload')
answers 200 GET "/kill?signal=HUP"
ok "SIGHUP is passed on" within 5 more ' INFO reload' "$before"
inside kill -KILL "$(cat stranger)"
sleep 0.3
quickest=$most
for signal in TERM INT QUIT; do
    begin=$(now_ms)
    kill -$signal "$one"
    ends_with "SIG$signal to process 1, idle: the container ends with 0" 0
    took=$(($(now_ms) - begin))
    [ $took -ge $quickest ] || quickest=$took
    serve_as_1
    ask_meanwhile second GET /second
    within 5 [ -e started ] || fail "the command has started"
    inside kill -$signal 1
    wait "$asked"
    is "SIG$signal from inside: what runs is finished and answered" \
        "$(cat second.code) $(jq -r .data second.body)" "200 finished"
    ends_with "and it ends with 0" 0
    serve_as_1
done
ok "idle it ends within $most ms ($quickest)" [ $quickest -lt $most ]
for kind in polite deaf; do
    rm -f started polite
    ask_meanwhile $kind GET /$kind
    within 5 [ -e started ] || fail "the command has started"
    begin=$(now_ms)
    kill -TERM "$one"
    ends_with "a command past the drain's deadline: it ends with 0" 0
    took=$(($(now_ms) - begin))
    ok "in time ($took ms)" [ $took -gt 2500 -a $took -lt 12000 ]
    wait "$asked"
    is "and the $kind command is answered" "$(cat $kind.code)" 500
    serve_as_1
done
is "the polite one has had SIGTERM, and the deaf one SIGKILL" \
    "$(jq -r .signal deaf.body) $(jq -r '.signal, .exit_code' polite.body | xargs)" "9 null 0"
rm -f left
answers 200 GET /left
within 5 [ -e leaving ] || fail "something is left running"
kill -TERM "$one"
ends_with "what a command has left running does not keep it" 0
ok "and gets SIGTERM" [ -e left ]

serve_as_1
kill -KILL "$(children "$one" | tr -d ' ')"
ends_with "when the program is killed the container ends and tells" 137

# --- restart and upgrade -----------------------------------------------------
serve_as_1
rm -f enough
# shellcheck disable=SC2086
python3 src/tests/it/load.py "$URL" tls.crt client_secret.key enough $crowd >load.out 2>&1 &
load=$!
sleep 0.5
bad=0
for i in $(seq $times); do
    old=$(cat cmon.pid)
    routes "route \"/round$i\" { argv = { \"echo\", \"$i\" } }"
    ask POST /restart
    said="$code $(ask GET "/round$i" && json .data)"
    [ "$said" = "200 $i" ] || { bad=$((bad + 1)); note "restart $i: $said"; }
    sleep 0.1
done
is "$times restarts of process 1 are answered, and hold" $bad 0
cp cmon cmon.first
for i in $(seq $times); do
    old=$(cat cmon.pid)
    { cat cmon.first && echo "build $i"; } >cmon.new
    chmod 755 cmon.new && mv cmon.new cmon
    kill -USR2 "$one"
    within 20 changed "$old" || fail "upgrade $i: another process gets ready"
done
old=$(cat cmon.pid)
printf '#!/bin/sh\nexit 3\n' >cmon.new
chmod 755 cmon.new && mv cmon.new cmon
before=$(lines ' ERROR restart')
kill -USR2 "$one"
ok "an upgrade that cannot be is told" within 10 more ' ERROR restart' "$before"
is "and changes nothing" "$(cat cmon.pid)" "$old"
mv cmon.first cmon
sleep 0.3
: >enough
wait $load
sent=$(sed -n 's/^\([0-9]*\) sent, .*/\1/p' load.out)
is "$times restarts and $times upgrades: none of $sent requests is lost" "$(tail -6 load.out)" "$sent sent, $sent good"
ok "and process 1 has stayed" kill -0 "$one"
ok "with one child" within 5 test "$(children "$one" | wc -w)" = 1

# The end does not cut short who drains.
rm -f started
ask_meanwhile second GET /second
within 5 [ -e started ] || fail "the command has started"
answers 200 POST /restart
kill -TERM "$one"
wait "$asked"
is "a request of the replaced one is finished before process 1 ends" \
    "$(cat second.code) $(jq -r .data second.body)" "200 finished"
ends_with "with 0" 0

# One that is gone is not waited for, whoever has reaped it.
serve_as_1
rm -f started
ask_meanwhile second GET /second
within 5 [ -e started ] || fail "the command has started"
old=$(cat cmon.pid)
answers 200 POST /restart
within 20 changed "$old" || fail "another process gets ready"
inside kill -KILL "$(cat cmon.pid)"
wait "$asked"
is "when the new one is killed while the old one drains, that one's request is finished" \
    "$(cat second.code) $(jq -r .data second.body)" "200 finished"
ends_with "and the container ends with what the new one said" 137

serve_as_1
cp cmon cmon.first
printf '#!/bin/sh\necho ready\nread -r _ <&1\nexit 3\n' >cmon.new
chmod 755 cmon.new && mv cmon.new cmon
before=$(lines ' ERROR restart')
kill -USR2 "$one"
ok "one that ends when it may serve is told" within 10 more ' ERROR restart' "$before"
mv cmon.first cmon
kill -TERM "$one"
ends_with "and it ends with 0, although one that was announced was never its child" 0

mv cmon cmon.away
printf '#!/bin/sh\nsleep 50\n' >cmon
chmod +x cmon
CMON=$T/cmon.away serve_as_1
mv cmon.away cmon.first
cp cmon cmon.away
kill -USR2 "$one"
sleep 0.5
kill -TERM "$one"
ends_with "stopped in the middle of an upgrade it ends with 0" 0
mv cmon.first cmon

routes 'restart = exit'
serve_as_1
answers 200 POST /restart
ends_with "restart = exit: the container ends with 0" 0
routes

# --- one request, and one command ---------------------------------------------
is "cmon run as process 1 exits as its command does" \
    "$($space "$CMON" run -c "$CONF" /second >run.out 2>&1; echo "$? $(cat run.out)")" "0 finished"
echo 'route "/fails" { argv = { "sh", "-c", "exit 7" } }' >>"$CONF"
$space "$CMON" run -c "$CONF" /fails
is "with its status" $? 7
echo 'route "/litter" { argv = { "sh", "-c", "for i in 1 2 3; do (sleep 0.1 &); done; sleep 3; ps -eo stat= | grep -c Z" } timeout = 20 }' >>"$CONF"
is "and reaps orphans while it runs" "$($space "$CMON" run -c "$CONF" /litter)" 0
for signal in TERM INT QUIT; do
    rm -f started polite
    $space "$CMON" run -c "$CONF" /polite >run.out 2>&1 &
    pid=$!
    within 5 [ -e started ] || fail "the command has started"
    kill -$signal "$(children $pid | tr -d ' ')"
    within 10 gone "$pid" || fail "cmon run as process 1 ends on SIG$signal"
    wait "$pid"
    pid=
    ok "SIG$signal to cmon run as process 1 ends its command politely" [ -e polite ]
done
like "CGI as process 1 answers" "$($space env GATEWAY_INTERFACE=CGI/1.1 CMON_CONF="$CONF" REQUEST_METHOD=GET \
    PATH_INFO=/fast QUERY_STRING=n=42 HTTP_ACCESS_TOKEN="$KEY" "$CMON" </dev/null 2>/dev/null)" '"data":"42'
like "without a /proc of its own it does not take others' children for its own" \
    "$(${space%--mount-proc} "$CMON" run -c "$CONF" /second 2>&1; echo $?)" '/proc.*PID namespace'

# --- the child of another init -------------------------------------------------
rm -f cmon.pid started
# shellcheck disable=SC2086
serve $space python3 src/tests/it/small_init.py
one=$(children "$pid" | tr -d ' ')
answers 200 GET /double
like "as the child of an init it ends what a command left" "$(json .leftover)" '^[1-9]'
ask_meanwhile second GET /second
within 5 [ -e started ] || fail "the command has started"
kill -TERM "$one"
wait "$asked"
is "and drains" "$(cat second.code) $(jq -r .data second.body)" "200 finished"
ends_with "and ends with 0" 0

finish
