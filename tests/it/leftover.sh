#!/bin/sh
# tests/it/leftover.sh -- without a cgroup: what a command leaves is ended with it and told by it, beside others.
limit=120
. "${0%/*}/lib.sh"

cp "$(command -v sleep)" bin/nap
# Each command says so once what it leaves behind has left its session.
up="until [ -e $T/up ]; do sleep 0.02; done; rm $T/up"
conf <<EOC
cgroup = never
max_running = 8
route "/slow"   { argv = { sh, "-c", "echo >$T/on; until [ -e $T/go ]; do sleep 0.02; done; rm $T/on $T/go" } }
route "/daemon" { argv = { sh, "-c", "setsid sh -c 'echo >$T/up; exec $T/bin/nap 777' & $up" } }
route "/tree"   { argv = { sh, "-c", "setsid sh -c '$T/bin/nap 774 & echo >$T/up; exec $T/bin/nap 775' & $up" } }
route "/bare"   { argv = { sh, "-c", "setsid env -i /bin/sh -c 'echo >$T/up; exec $T/bin/nap 779' & $up" } }
route "/hang"   { argv = { sh, "-c", "(setsid sh -c 'echo >$T/up; exec $T/bin/nap 778' &); exec sleep 60" } timeout = 3 grace = 1 }
route "/deploy" {
    argv   = { sh, "-c", "nohup setsid sh -c 'echo >$T/up; exec $T/bin/nap 776' >/dev/null 2>&1 & $up" }
    detach = yes
}
EOC

naps() { # NUMBER: how many are alive
    pgrep -c -xf "$T/bin/nap $1"
}

are() { # HOW-MANY NUMBER
    [ "$(naps "$2")" = "$1" ]
}

there() { # NUMBER: waits for one that is on its way to its program; then as naps
    within 10 are 1 "$1"
    naps "$1"
}

begin_slow() {
    ask_meanwhile slow GET /slow
    within 20 [ -e on ] || fail "the slow command has started"
}

end_slow() { # PROMISE LEFTOVER
    : >go
    wait "$asked"
    is "$1" "$(cat slow.code) $(jq .leftover slow.body)" "200 $2"
}

serve
serve_web

# --- two runs at once --------------------------------------------------------
begin_slow
ask GET /daemon
is "beside another run a daemon is killed and told by its own" "$code $(json .leftover)" "200 1"
is "and is gone with the answer" "$(naps 777)" 0
ask GET /tree
is "so are a daemon and its child" "$code $(json .leftover) $(naps 774) $(naps 775)" "200 2 0 0"
end_slow "the other run has nothing to tell" null

begin_slow
ask GET /bare
is "one without an environment may be of either" "$code $(json .leftover) $(there 779)" "200 null 1"
end_slow "and is ended with the last of them" 1
is "then it is gone" "$(naps 779)" 0

# --- beside what a detached command has left ---------------------------------
ask GET /deploy
is "what a detached command has left stays" "$code $(json .leftover) $(there 776)" "200 null 1"
ask GET /daemon
is "what others leave is killed and told" "$code $(json .leftover) $(naps 777)" "200 1 0"
rm -f up
ask GET /hang
is "past a timeout, too" "$code $(naps 778)" "504 0"
ok "however far it has got away" [ -e up ]
rm -f up
is "and the detached one is still there" "$(naps 776)" 1
ask GET /bare
is "one without an environment may be the detached one's" "$code $(json .leftover) $(there 779)" "200 null 1"
sleep 2.5 # for two looks of the responder
is "as long as that is there it is spared" "$(naps 776) $(naps 779)" "1 1"
kill -KILL "$(pgrep -xf "$T/bin/nap 776")"
ok "and then it is ended" within 10 are 0 779
ask GET /bare
is "after that all is certain again" "$code $(json .leftover) $(naps 779)" "200 1 0"

# --- the end -----------------------------------------------------------------
ask GET /deploy
ask GET /daemon
stop
is "at the end what was detached stays, and nothing else" "$(there 776) $(naps 777)" "1 0"
like "and the log says so" "$(grep drained "$LOG" | tail -n 1)" 'what detached commands have left goes on'
serve
sleep 2.5 # the second look for strays is after 2 s
is "the next start leaves it alone" "$(naps 776)" 1
kill -KILL "$(pgrep -xf "$T/bin/nap 776")"
stop
like "without it nothing is left" "$(grep drained "$LOG" | tail -n 1)" 'nothing is left'
finish
