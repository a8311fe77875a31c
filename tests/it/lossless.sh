#!/bin/sh
# tests/it/lossless.sh -- stop behind a held socket, reload, restart and upgrade lose no request.
#
# Under load through the shipped nginx: fast commands and some that take 0.3 to
# 1 s; every answer is counted and compared.  CMON_FULL: 20 of each kind.
limit=150
also="tests/it/load.py tests/it/holder.py"
[ -z "${CMON_FULL-}" ] || limit=400
. "${0%/*}/lib.sh"

if [ -n "$CMON_FULL" ]; then times=20; else times=4; fi
[ -n "$SAN" ] && crowd="/fast:2 /slow:4" || crowd="/fast:6 /slow:10"

good() { # [TEXT]
    conf <<-EOC
	pid_file = "cmon.pid"
	core_dumps = yes
	max_running = 64
	queue = 200
	drain_timeout = 20
	route "/who"  { argv = { "sh", "-c", "echo \$PPID" } }
	route "/fast" { argv = { "echo", "{n}" }  param "n" { type = int } }
	route "/slow" {
	    argv = { "sh", "-c", "sleep \$((\$1 % 2)).\$((3 + \$1 % 2 * -3)); echo \$1", "sh", "{n}" }
	    param "n" { type = int }
	}
	${1-}
	EOC
}

who() {
    ask GET /who
    json .data
}

changed() { # PID: another one is ready
    [ -s cmon.pid ] && [ "$(cat cmon.pid)" != "$1" ] && kill -0 "$(cat cmon.pid)"
}

lines() { # ERE: how often it was said
    grep -cE -- "$1" "$LOG"
}

more() { # ERE COUNT
    [ "$(lines "$1")" -gt "$2" ]
}

load_begin() {
    rm -f enough
    # shellcheck disable=SC2086 # words
    python3 src/tests/it/load.py "$URL" tls.crt client_secret.key enough $crowd >load.out 2>&1 &
    load=$!
    sleep 0.5
}

load_end() { # PROMISE
    sleep 0.3
    : >enough
    wait "$load"
    it_sent=$(sed -n 's/^\([0-9]*\) sent, .*/\1/p' load.out)
    is "$1: none of $it_sent requests is lost" "$(tail -6 load.out)" "$it_sent sent, $it_sent good"
    ok "and there were some" [ "${it_sent:-0}" -gt 20 ]
}

good
serve_web

# --- stop, and the next one is started by who holds the socket -----------------
: >>"$LOG"
python3 src/tests/it/holder.py "$SOCK" "$CMON" -c "$CONF" >>"$LOG" 2>&1 &
holder=$!
within 10 changed 0 || fail "cmon gets ready" "$(tail -5 "$LOG")"
load_begin
for i in $(seq $times); do
    old=$(cat cmon.pid)
    case $((i % 3)) in 0) kill -INT "$old" ;; 1) kill -TERM "$old" ;; *) kill -QUIT "$old" ;; esac
    within 20 changed "$old" || fail "stop $i: the next one gets ready"
    sleep 0.1
done
load_end "$times stops behind a held socket"
kill -TERM $holder
wait $holder
is "the last one ends with 0" $? 0
rm -f cmon.pid

# --- reload ------------------------------------------------------------------
serve
load_begin
i=0
while [ $i -lt $times ]; do
    i=$((i + 1))
    good "route \"/round$i\" { argv = { \"echo\", \"$i\" } }"
    before=$(lines ' INFO reload')
    kill -HUP "$pid"
    within 10 more ' INFO reload' "$before" || fail "reload $i is logged"
    case $((i % 3)) in 0) echo 'route "/who' ;; 1) echo 'max_running = 0' ;; *) echo 'nonsense = 1' ;; esac >>"$CONF"
    before=$(lines ' ERROR reload')
    kill -HUP "$pid"
    within 10 more ' ERROR reload' "$before" || fail "wrong reload $i is logged"
    [ $((i % 4)) -ne 0 ] || is "after $i good and $i wrong ones: the last good one" \
        "$(ask GET "/round$i" && json .data)" "$i"
done
load_end "$times reloads, and $times of wrong configurations"

# What a process has open and knows of the outside does not grow from one to the next.
has() {
    # Those of cgroups come with commands, and stay for the next ones.
    ls -l "/proc/$1/fd" | grep ' -> ' | grep -vc cgroup
    tr '\0' '\n' <"/proc/$1/environ" | sed 's/=.*//' | grep -v CMON_READY | sort | xargs
}

# --- restart -----------------------------------------------------------------
settled() { # PID: a process before it, which it may still hear of, has gone
    gone "$1" || return
    # Now and then it has something open for a moment, as /proc two seconds after its start.
    first=$(has "$(cat cmon.pid)") && sleep 0.2 && [ "$(has "$(cat cmon.pid)")" = "$first" ]
}

good
old=$(cat cmon.pid)
answers 200 POST /restart # spawn-fcgi has left descriptors to the first
within 10 settled "$old" || fail "the first one ends"
load_begin
refused=0
for i in $(seq $times); do
    old=$(cat cmon.pid)
    good "route \"/round$i\" { argv = { \"echo\", \"$i\" } }"
    ask POST /restart
    # No wait: whoever has the answer is served by the new one.
    said="$code $(ask GET "/round$i" && json .data)"
    [ "$said" = "200 $i" ] || { refused=$((refused + 1)); note "restart $i: $said"; }
done
load_end "$times restarts"
is "each is answered 200, and what it was made for holds from then on" $refused 0
second=$first
within 10 settled "$old" || fail "the last but one ends"
is "the last has the descriptors and the environment of the second" "$first" "$second"

# --- upgrade -----------------------------------------------------------------
cp cmon cmon.first
put() { # FILE: in the place of the program, in one step, as a package manager does
    cp "$1" cmon.new && chmod 755 cmon.new && mv cmon.new cmon
}
same() { # it is this file that runs
    cmp -s cmon "/proc/$(cat cmon.pid)/exe"
}
load_begin
for i in $(seq $times); do
    old=$(cat cmon.pid)
    { cat cmon.first && echo "build $i"; } >cmon.build
    put cmon.build
    ! same || fail "the new file is another"
    kill -USR2 "$old"
    within 20 changed "$old" || fail "upgrade $i: another process gets ready"
    same || fail "upgrade $i runs the new file"
done
load_end "$times upgrades to another binary"

# What does not get ready leaves the old one serving.
load_begin
old=$(cat cmon.pid)
attempt() { # WHAT ERE: it does not get ready, and the log says so
    it_before=$(lines ' ERROR restart')
    kill -USR2 "$old"
    ok "$1: it is told" within 40 more ' ERROR restart' "$it_before"
    like "and what is wrong" "$(grep -E ' ERROR restart' "$LOG" | tail -1)" "$2"
    is "the old one serves on" "$(who)" "$old"
}
printf '#!/bin/sh\nkill -SEGV $$\n' >bad && put bad
attempt "a binary that crashes at its start" 'did not get ready'
printf '#!/bin/sh\necho cannot: no such thing\nexit 3\n' >bad && put bad
attempt "one that fails and says why" 'did not get ready: cannot: no such thing'
echo 'not a program' >bad && put bad
attempt "one that is none" 'exec'
printf '#!/bin/sh\nsleep 60\n' >bad && put bad
attempt "one that hangs" 'did not get ready in time'
rm cmon
attempt "none at all" 'exec.*No such file'
put cmon.first
echo 'max_running = 0' >>"$CONF"
attempt "a wrong configuration" 'max_running'
good 'key_file = "elsewhere.key"'
attempt "a key that is not there" 'elsewhere|key_file'
good
mkdir unwritable && chmod 555 unwritable
good && sed -i 's,^pid_file.*,pid_file = "unwritable/cmon.pid",' "$CONF"
attempt "a pid file that cannot be written" 'unwritable'
good
kill -USR2 "$old"
ok "and when all is well again it is replaced" within 20 changed "$old"
load_end "upgrades that cannot be"

# The name that we were started by counts, and not the file that it led to then.
old=$(cat cmon.pid)
kill -TERM "$old"
within 20 gone "$old"
pid=
mkdir one two
chmod 755 cmon.build
cp cmon.first one/cmon
cp cmon.build two/cmon
ln -s one current
CMON=$T/current/cmon
serve
ln -s two next
mv -T next current
old=$(cat cmon.pid)
kill -USR2 "$old"
ok "a symbolic link that leads elsewhere now is followed" within 20 changed "$old"
ok "to the new file" cmp two/cmon "/proc/$(cat cmon.pid)/exe"
rm -r one
old=$(cat cmon.pid)
kill -USR2 "$old"
ok "the file that was first may go" within 20 changed "$old"
pid=$(cat cmon.pid)

# Nothing hurries the old one but a signal.
sed -i 's/^drain_timeout.*/drain_timeout = 1/' "$CONF"
echo 'route "/long" { argv = { "sh", "-c", "echo >long; sleep 3; echo long" } }' >>"$CONF"
kill -HUP "$pid"
sleep 0.5
ask_meanwhile long GET /long
within 5 [ -e long ] || fail "the command has started"
answers 200 POST /restart
wait "$asked"
is "a command that outlasts drain_timeout is answered by the replaced one" \
    "$(cat long.code) $(jq -r .data long.body)" "200 long"
ok "which then ends" within 5 gone "$pid"
old=$(cat cmon.pid)
rm long
ask_meanwhile long GET /long
within 5 [ -e long ] || fail "the command has started"
answers 200 POST /restart
begin=$(now_ms)
kill -TERM "$old"
ok "a signal to the replaced one makes drain_timeout count" within 3 gone "$old"
wait "$asked"
is "and the command is answered, as ended" "$(cat long.code)" 500
pid=$(cat cmon.pid)
is "the new one serves" "$(who)" "$pid"

finish
