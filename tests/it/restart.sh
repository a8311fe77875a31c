#!/bin/sh
# tests/it/restart.sh -- a new process takes over the socket, and no request is lost.
limit=90
. "${0%/*}/lib.sh"

routes() { # [TEXT]
    conf <<-EOC
	pid_file = "cmon.pid"
	max_running = 32
	${1-}
	route "/who"  { argv = { "sh", "-c", "echo \$PPID" } }
	route "/slow" { argv = { "sh", "-c", "sleep 1; echo slow" } }
	route "/nap"  { argv = { "$T/bin/nap", "99" } }
	EOC
}

who() {
    ask GET /who
    json .data
}

changed() { # PID: another one is ready
    [ -s cmon.pid ] && [ "$(cat cmon.pid)" != "$1" ]
}

umask_of() { # PID
    sed -n 's/^Umask:\t0*//p' "/proc/$1/status"
}

napping() {
    pgrep -xf "$T/bin/nap 99" >/dev/null
}

dozed() {
    ! napping
}

cp "$(command -v sleep)" bin/nap
routes
umask 037
serve
umask 022
serve_web
first=$pid
is "the first process serves" "$(who)" "$first"
is "the pid file tells which" "$(cat cmon.pid)" "$first"

answers 200 POST /restart
is "the answer has the four keys first" "$(jq -c 'keys_unsorted[:4]' body)" '["status","code","message","data"]'
ok "another process gets ready" within 5 changed "$first"
ok "the first one ends" within 5 gone "$first"
wait "$first"
is "with 0" $? 0
pid=$(cat cmon.pid)
is "the new one serves" "$(who)" "$pid"
is "with the umask that the first one was started with" "$(umask_of "$pid")" 37
answers 405 GET /restart
ask_bare POST /restart
is "without the key nothing restarts" "$code $(who)" "401 $pid"

old=$pid
kill -USR2 "$old"
ok "SIGUSR2 does the same" within 5 changed "$old"
ok "and ends the old one" within 5 gone "$old"
pid=$(cat cmon.pid)
is "the third one serves" "$(who)" "$pid"
is "with the same umask" "$(umask_of "$pid")" 37
like "a restart is logged" "$(cat "$LOG")" ' INFO restart'

# What runs in the old one is finished by the old one.
ask_meanwhile slow GET /slow
sleep 0.4
old=$pid
answers 200 POST /restart
ok "the new one does not wait for a slow request" within 1 changed "$old"
pid=$(cat cmon.pid)
is "it serves already" "$(who)" "$pid"
wait "$asked"
is "the slow one is answered by the old one" "$(cat slow.code) $(jq -r .data slow.body)" "200 slow"
ok "which then ends" within 5 gone "$old"

# One that is killed while it drains leaves that to the new one to end.
ask_meanwhile slow GET /nap
within 20 napping || fail "a command runs"
old=$pid
answers 200 POST /restart
within 20 changed "$old" || fail "another process gets ready"
pid=$(cat cmon.pid)
sleep 2.5 # until it has looked for what others had left before
ok "while the old one drains, its command goes on" napping
kill -KILL "$old"
ok "when it is killed, the new one ends that" within 10 dozed
kill "$asked" 2>/dev/null
wait "$asked"
if within 3 said ' WARNING orphans msg=.ended [0-9]+ processes'; then
    pass "and tells"
else
    skip "and tells" "another responder of this user, which has started meanwhile, was the first to find it"
fi

# Under load, three times over.
for _ in $(seq 200); do
    echo "url = \"$URL/who\""
    echo "output = /dev/null"
done >load.curl
load() {
    while [ ! -e enough ]; do
        it_tls_curl -Z --parallel-max 8 -H @key.header -K load.curl -w '%{http_code}\n' 2>>load.err
        asked=$((asked + 200))
        echo $asked >asked
    done
}
asked=0
load >codes &
load=$!
for i in 1 2 3; do
    sleep 0.4
    old=$pid
    answers 200 POST /restart
    ok "restart $i under load: another process gets ready" within 5 changed "$old"
    pid=$(cat cmon.pid)
done
sleep 0.3
touch enough
wait $load
note "$(cat asked) requests"
is "of all requests under three restarts none is lost" "$(sort codes | uniq -c | xargs)" "$(cat asked) 200"

# A new configuration takes effect; a broken one leaves the old process serving.
routes 'route "/new" { argv = { "echo", "new" } }'
old=$pid
answers 200 POST /restart
ok "a restart takes the new configuration" within 5 changed "$old"
pid=$(cat cmon.pid)
is "its route is there" "$(ask GET /new && json .data)" new
routes 'max_running = 0'
answers 500 POST /restart
like "a restart that cannot be is told" "$(json '.message + " " + .data')" '.'
sleep 0.5
is "a broken configuration leaves the old process serving" "$(who) $(cat cmon.pid)" "$pid $pid"
kill -USR2 "$pid"
sleep 0.7
is "on SIGUSR2 as well" "$(who)" "$pid"
like "and it is logged where the mistake is" "$(tail -8 "$LOG")" 'max_running'
mv cmon cmon.away
routes
answers 500 POST /restart
is "a program that is gone leaves the old process serving" "$(who)" "$pid"
mv cmon.away cmon

# Who is told to stop does not leave another one behind that is about to begin.
mv cmon cmon.away
printf '#!/bin/sh\nsleep 1\nexec "%s/cmon.away" "$@"\n' "$T" >cmon
chmod +x cmon
before=$(grep -c ' ready' "$LOG")
kill -USR2 "$pid"
sleep 0.4
kill -TERM "$pid"
ok "SIGTERM in the middle of an upgrade ends the process" within 5 gone "$pid"
sleep 1.5
is "and nobody takes its place" "$(grep -c ' ready' "$LOG")" "$before"
mv cmon.away cmon
serve

# A supervisor that watches the pid: we end, it starts the next.
routes 'restart = exit'
kill -HUP "$pid"
sleep 0.5
old=$pid
answers 200 POST /restart
ok "restart = exit: the process ends" within 5 gone "$old"
pid=
serve
is "and the next one serves" "$(who)" "$pid"
old=$pid
kill -USR2 "$old"
ok "on SIGUSR2 as well" within 5 gone "$old"
wait "$old"
is "with 0" $? 0
pid=

finish
