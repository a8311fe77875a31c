#!/bin/sh
# tests/it/disconnect.sh -- when the client leaves: its command ends, a deploy goes on, nothing leaks.
limit=90
. "${0%/*}/lib.sh"

cat >deploy.sh <<'END'
#!/bin/sh
echo $$ >deploy.pid
sleep 1.5
echo done >deploy.done
END
cat >long.sh <<'END'
#!/bin/sh
sleep 30 &
echo $! >child.pid
echo $$ >long.pid
wait
END
# Says itself when it was told to end.
cat >told.sh <<'END'
#!/bin/sh
trap 'date +%s%3N >told.at; exit 1' TERM
sleep 30 &
echo $$ >told.pid
wait
END
chmod +x deploy.sh long.sh told.sh
conf <<'EOC'
grace = 1
max_running = 2
queue = 8
core_dumps = yes
route "/long"   { argv = { "./long.sh" } }
route "/change" { method = { POST } argv = { "sh", "-c", "echo $$ >change.pid; sleep 1.5; echo x >change.done" } }
route "/mark"   { method = { GET, POST } argv = { "sh", "-c", "echo x >>marks" } }
route "/kill"   { method = { POST } argv = { "./long.sh" } on_disconnect = kill }
route "/keep"   { argv = { "sh", "-c", "echo $$ >keep.pid; sleep 1.5; echo x >keep.done" } on_disconnect = continue }
route "/told"   { argv = { "./told.sh" } }
route "/loud"   { argv = { "sh", "-c", "echo $$ >loud.pid; exec yes" } timeout = 20 output_max = "64K" }
EOC
serve
serve_web

fds() {
    ls "/proc/$pid/fd" | wc -l
}

same_fds() {
    [ "$(fds)" -le "$fds" ]
}

idle() { # no command of cmon is left
    [ -z "$(sed -n "s/^[0-9]* (.*) [A-Z] $pid .*/x/p" /proc/[0-9]*/stat 2>/dev/null)" ]
}

leaves_once() { # PIDFILE ASK...: asks, and leaves when the command has written it
    pidfile=$1
    shift
    ask_meanwhile left "$@"
    within 5 [ -s "$pidfile" ] || fail "the command has started: $*"
    kill "$asked"
    wait "$asked" 2>/dev/null
}

ask GET /health
sleep 0.2
fds=$(fds)

leaves_once long.pid GET /long
ok "client gone: its command is ended" within 4 gone "$(cat long.pid)"
ok "and what that had started" within 4 gone "$(cat child.pid)"
rm -f long.pid child.pid

leaves_once change.pid POST /change
sleep 0.5
ok "client of a POST gone: what changes something goes on" kill -0 "$(cat change.pid)"
ok "to its end" within 5 [ -s change.done ]

leaves_once long.pid POST /kill
ok "on_disconnect = kill: a POST's command is ended" within 4 gone "$(cat long.pid)"
rm -f long.pid child.pid

leaves_once keep.pid GET /keep
sleep 0.5
ok "on_disconnect = continue: a GET's goes on" kill -0 "$(cat keep.pid)"
ok "to its end" within 5 [ -s keep.done ]

leaves_once deploy.pid POST /deploy_branch
sleep 0.5
ok "client gone: a deploy goes on" kill -0 "$(cat deploy.pid)"
ok "to its end" within 5 [ -s deploy.done ]

leaves_once loud.pid GET /loud
ok "client gone while output flows: the command is ended" within 4 gone "$(cat loud.pid)"

# Straight at the socket: closed, and closed in the middle of an answer.
raw good:GET:/long sleep:0.5
ok "connection closed: the command is ended" within 4 gone "$(cat long.pid)"
rm -f long.pid
raw begin:flags=1 request:GET:/long key params params-end stdin-end sleep:0.5
ok "kept connection closed: the command is ended" within 4 gone "$(cat long.pid)"
rm -f long.pid
raw good:GET:/long half-close sleep:0.5 read:0.1 >half.out
note "after half-close: $(cat half.out | xargs)"
within 4 gone "$(cat long.pid)"
raw good:GET:/health
raw begin request:GET:/long key params
raw begin

# The web server itself goes.
rm -f long.pid
ask_meanwhile left GET /long
within 5 [ -s long.pid ] || fail "the command has started"
workers=$(sed -n "s/^\([0-9]*\) (nginx) [A-Z] $web .*/\1/p" /proc/[0-9]*/stat 2>/dev/null)
# shellcheck disable=SC2086
kill -KILL "$web" $workers
wait "$web" 2>/dev/null
web=
wait "$asked"
ok "web server killed: the command is ended" within 4 gone "$(cat long.pid)"
serve_web
answers 200 GET /health

# Who has left while waiting in the queue is never started.
ask_meanwhile one GET /long
first=$asked
ask_meanwhile two GET /long
second=$asked
sleep 0.5
ask_meanwhile three GET /mark
kill_me=$asked
ask_meanwhile four POST /mark
stays=$asked
sleep 0.5
is "a full house queues" "$(cat marks 2>/dev/null)" ""
kill "$kill_me"
wait "$kill_me" 2>/dev/null
sleep 0.3
kill "$first" "$second"
wait "$first" "$second" 2>/dev/null
wait "$stays"
is "the one who stayed is served" "$(cat four.code)" 200
is "and only that one" "$(wc -l <marks)" 1

ok "no command is left" within 5 idle
ok "and no descriptor" within 5 same_fds

# How soon a command knows: from just before the client is killed until its own
# clock says so.  The machine may be busy with something else now and then.
most=100
[ -z "$SAN" ] || most=300
soon() { # PROMISE
    rm -f told.ms
    for _ in 1 2 3 4 5 6 7 8 9; do
        rm -f told.pid told.at
        ask_meanwhile left GET /told
        within 10 [ -s told.pid ] || fail "the command has started"
        begin=$(now_ms)
        kill "$asked"
        wait "$asked" 2>/dev/null
        within 10 [ -s told.at ] || fail "the command is told"
        echo $(($(cat told.at) - begin)) >>told.ms
    done
    median=$(sort -n told.ms | sed -n 5p)
    ok "$1 ($median ms)" [ "$median" -lt $most ]
    note "ms: $(xargs <told.ms)"
}
soon "the client's leaving is seen within $most ms, on a unix socket"

stop_web
stop
serve_tcp() {
    for it_try in 1 2 3 4 5; do
        tcp=127.0.0.1:$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        it_ready=$(grep -c ' ready' "$LOG")
        spawn-fcgi -n -a "${tcp%:*}" -p "${tcp#*:}" -- "$CMON" -c "$CONF" >>"$LOG" 2>&1 &
        pid=$!
        within 10 it_is_ready && ! gone $pid && return
    done
    fail "cmon gets ready on TCP ($it_try tries)" "$(tail -5 "$LOG")"
}
serve_tcp
serve_web "$(sed "s,unix:/run/cmon/cmon.sock,$tcp," nginx/cmon.conf)"
URL=$URL/cmon
answers 200 GET /health
soon "and on TCP"
finish
