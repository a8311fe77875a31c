#!/bin/sh
# tests/it/races.sh -- what has to be at the same moment to go wrong is made to be, by strace.
limit=60
also=tests/it/holder.py
. "${0%/*}/lib.sh"

command -v strace >/dev/null || it_skip_all "strace is not installed"
strace -qq -o /dev/null true 2>/dev/null || it_skip_all "strace may not trace here"
[ -z "$SAN" ] || it_skip_all "a sanitizer and strace do not go together"

conf <<-EOC
	pid_file = "cmon.pid"
	log { stderr = yes syslog = no }
EOC

lines() { # ERE: how often it was said
    grep -cE -- "$1" "$LOG"
}

ready() { # COUNT: so often somebody got ready
    [ "$(lines ' INFO ready')" -ge "$1" ]
}

# Who asked for the upgrade hears of it slowly; whoever wishes for another one
# meanwhile is late: the first new process serves already.
serve strace -f -qq -o /dev/null -e trace=sendmsg -e inject=sendmsg:delay_enter=1000000
tracer=$pid
within 5 [ -s cmon.pid ] || fail "the pid file is written"
first=$(cat cmon.pid)
raw good:POST:/restart read >answer 2>&1 &
asked=$!
ok "another process gets ready" within 5 ready 2
for _ in 1 2 3 4; do
    sleep 0.1
    kill -USR2 "$first" 2>/dev/null
done
wait $asked
like "who asked is answered" "$(cat answer)" 'process [0-9]+ serves now'
ok "the first process ends" within 5 gone "$first"
is "one upgrade makes one new process" "$(lines ' INFO start')" 2
pid=$(cat cmon.pid)
kill -TERM "$pid"
ok "which ends when it is told to" within 5 gone "$pid"
wait "$tracer"
pid=

# A worker that was woken to accept, and goes on only when all is drained, leaves
# the connection to the next process.
rm -f cmon.pid "$SOCK"
cat >traced <<-END
	#!/bin/sh
	[ ! -e traced.once ] || exec "$CMON" -c "$CONF"
	: >traced.once
	exec strace -f -qq -o /dev/null -e trace=epoll_wait,epoll_pwait \\
	    -e inject=epoll_wait,epoll_pwait:delay_exit=1000000 "$CMON" -c "$CONF"
END
chmod +x traced
python3 src/tests/it/holder.py "$SOCK" ./traced >>"$LOG" 2>&1 &
holder=$!
within 10 [ -s cmon.pid ] || fail "the pid file is written"
first=$(cat cmon.pid)
raw good read:10 >answer 2>&1 &
asked=$!
sleep 0.3
kill -TERM "$first"
wait $asked
like "who connects in the moment of a stop is answered" "$(cat answer)" '^Status: 200'
kill -TERM $holder
wait $holder

finish
