#!/bin/sh
# tests/it/scheduling.sh -- who runs, who waits, who is sent away, and who shares a run.
#
# Commands wait for files, so that the test says when they end: nothing here
# depends on how fast the machine is.
limit=120
. "${0%/*}/lib.sh"

# Of one of three lock directories each takes one, or tells that there is a crowd.
cat >three.sh <<'END'
#!/bin/sh
for n in 1 2 3 none; do
    mkdir lock.$n 2>/dev/null && break
done
echo $n >>three.took
sleep 0.1
rmdir lock.$n
END
# Runs are numbered, and run N ends when there is go.N.
cat >deploy.sh <<'END'
#!/bin/sh
echo $$ >>deploy.pids
n=$(wc -l <deploy.pids)
echo "$1" >>deploy.runs
until [ -e go.$n ] || [ -e go.all ]; do sleep 0.02; done
echo "$n" >>deploy.done
echo "run $n of $1"
END
cat >hold.sh <<'END'
#!/bin/sh
echo $$ >>hold.pids
until [ -e release ]; do sleep 0.02; done
END
chmod +x three.sh deploy.sh hold.sh
routes() {
    cat <<'END'
grace = 1
core_dumps = yes
route "/three"  { argv = { "./three.sh" } max_running = 3 }
route "/hold"   { argv = { "./hold.sh" } max_running = 1 }
route "/solo"   { argv = { "./hold.sh" } max_running = 1 on_busy = reject }
route "/never"  { argv = { true } on_busy = reject }
route "/fast"   { argv = { echo, fast } }
route "/note"   { argv = { sh, "-c", "echo $N >>notes" } param "n" { type = int env = "N" } }
route "/noted"  { argv = { sh, "-c", "echo $N >>notes" } param "n" { type = int env = "N" } max_running = 1 }
route "/deploy" {
    method = { GET, POST }
    argv = { "./deploy.sh", "{branch}" }
    on_busy = coalesce
    param "branch" { type = git-branch default = main }
}
route "/quick"  { argv = { sh, "-c", "echo x >>quick.runs; sleep 0.02" } on_busy = coalesce }
route "/keep"   { argv = { "./deploy.sh", "keep" } on_busy = coalesce on_disconnect = continue }
END
}
{
    echo "max_running = 8"
    echo "queue = 24"
    routes
} | conf

# Requests that are in the house: connections, beside the sockets of an idle cmon.
sockets() {
    ls -l "/proc/$pid/fd" | grep -c 'socket:'
}

inside() { # COUNT
    [ "$(sockets)" -eq $((idle + $1)) ]
}

begin() {
    serve
    ask GET /health
    sleep 0.2
    idle=$(sockets)
    here=0
    ghosts=0
}

lines() { # FILE COUNT: it has so many lines
    [ "$(cat "$1" 2>/dev/null | wc -l)" -eq "$2" ]
}

# Asks in the background, and waits until the request has come to cmon.
arrives() { # NAME METHOD PATH [curl option...]
    here=$((here + 1))
    ask_meanwhile "$@"
    eval "asked_$1=$asked"
    within 10 inside $here || fail "$1 has come to cmon"
    sleep 0.1
}

# A leader whose run is under way keeps its connection until that is over.
leaves() { # NAME [stays]
    eval "leaving=\$asked_$1"
    kill "$leaving"
    wait "$leaving" 2>/dev/null
    if [ -n "${2-}" ]; then
        sleep 0.5
        ghosts=$((ghosts + 1))
        return
    fi
    here=$((here - 1))
    within 10 inside $here || fail "$1 has left"
}

answered() { # NAME...: and with them those go whom a run has kept
    for it_name; do
        eval "wait \$asked_$it_name"
    done
    here=$((here - $# - ghosts))
    ghosts=0
    within 10 inside $here || fail "all but $here are answered"
}

got() { # NAME...: status and data of each
    for it_name; do
        echo "$(cat "$it_name.code") $(jq -r '.data // .message' "$it_name.body")"
    done | xargs
}

fresh() {
    rm -f deploy.pids deploy.runs deploy.done go.* release hold.pids notes
    mark=$(wc -l <"$LOG")
}

logged() { # ERE: so many lines since fresh()
    tail -n +$((mark + 1)) "$LOG" | grep -cE -- "$1"
}

serve_web
begin

# --- a limit of the route ----------------------------------------------------

for _ in $(seq 20); do
    echo "url = \"$URL/three\""
    echo "output = /dev/null"
done >three.curl
it_tls_curl -Z --parallel-immediate --parallel-max 20 -H @key.header -K three.curl \
    -w '%{http_code}\n' >codes 2>err
is "of 20 at once all are served" "$(sort codes | uniq -c | xargs)" "20 200"
is "never more than three at a time" "$(grep -c none three.took) $(wc -l <three.took)" "0 20"
like "but three" "$(grep -c 3 three.took)" '^[1-9]'

fresh
arrives one GET /hold
within 5 lines hold.pids 1
arrives two GET /hold
arrives three GET /hold
ask GET /fast
is "who waits for a full route is in nobody's way" "$code $(json .data) $(json .queued_ms)" "200 fast 0"
is "and waits" "$(wc -l <hold.pids)" 1
: >release
answered one two three
is "then it is served" "$(got one two three)" "200 200 200"
is "who did not wait is told so" "$(jq .queued_ms one.body)" 0
ok "who waited is told how long" [ "$(jq '.queued_ms > 100 and .queued_ms < 60000' three.body)" = true ]
ok "and the log has it" [ "$(logged 'route=/hold .* queued_ms=[0-9.]+ ')" = 2 ]

# --- reject ------------------------------------------------------------------

fresh
arrives one GET /solo
within 5 lines hold.pids 1
ask GET /solo
is "a full route that rejects says Busy at once" "$code $(json .message)" "503 Busy"
like "and when to come again" "$(header retry-after)" '^([1-9]|[1-5][0-9]|60)$'
answers 200 GET /never
answers 200 HEAD /solo
: >release
answered one
answers 200 GET /solo

# --- coalesce ----------------------------------------------------------------

fresh
arrives a GET /deploy
within 5 lines deploy.runs 1 || fail "the first one runs"
for n in b c d e f g h i j; do
    arrives $n GET /deploy
done
: >go.all
answered a b c d e f g h i j
is "ten deploys at once are two runs" "$(wc -l <deploy.runs)" 2
is "the first is told of the first, the others of the second" \
    "$(got a b c d e f g h i j)" \
    "200 run 1 of main $(for n in b c d e f g h i j; do echo 200 run 2 of main; done | xargs)"
is "each is in the log, with its client" "$(logged ' INFO request .*route=/deploy .*client=127.0.0.1 status=200')" 10
is "those who joined say so" "$(logged 'joined=yes')" 8
is "and who led them how many" "$(logged 'coalesced=8')" 1
ok "who came first has waited longest" [ "$(jq -s '.[0].queued_ms > .[1].queued_ms' b.body j.body)" = true ]
is "beside that the answers are the same" "$(jq -c 'del(.queued_ms)' b.body)" "$(jq -c 'del(.queued_ms)' j.body)"

fresh
arrives a GET /deploy
arrives b GET "/deploy?branch=other"
ok "another branch is another run" within 5 lines deploy.runs 2
arrives c POST "/deploy?branch=main"
arrives d GET /deploy
ask HEAD /deploy
is "HEAD runs nothing" "$code" 200
ask OPTIONS /deploy
is "nor does OPTIONS" "$code" 204
: >go.all
answered a b c d
is "a default and the same value given are the same" "$(got c d)" "200 run 3 of main 200 run 3 of main"
is "three runs" "$(wc -l <deploy.runs)" 3

# A guest without the key joins nothing.
fresh
arrives a GET /deploy
arrives b GET /deploy
ask_bare GET /deploy
is "who has no key is refused" "$code" 401
: >go.all
answered a b
is "and changes nothing" "$(got a b)" "200 run 1 of main 200 run 2 of main"

# --- who leaves --------------------------------------------------------------

fresh
arrives a GET /deploy
arrives b GET /deploy
arrives c GET /deploy
arrives d GET /deploy
leaves c
ok "one who joined leaves: it is in the log" within 5 eval '[ "$(logged status=499)" = 1 ]'
leaves b
ok "who leads leaves: so is it" within 5 eval '[ "$(logged status=499)" = 2 ]'
arrives e GET /deploy
: >go.all
answered a d e
is "those who stay share the run" "$(got d e)" "200 run 2 of main 200 run 2 of main"
is "two runs" "$(wc -l <deploy.runs)" 2

fresh
arrives a GET /deploy
arrives b GET /deploy
arrives c GET /deploy
leaves b
leaves c
: >go.all
answered a
answers 200 GET /fast
is "when all leave that wait, nothing runs for them" "$(wc -l <deploy.runs)" 1

fresh
arrives a GET /deploy
arrives b GET /deploy
arrives c GET /deploy
arrives d GET /deploy
: >go.1
answered a
within 5 lines deploy.runs 2 || fail "the second run begins"
leaves b stays
leaves d
sleep 0.5
ok "who leads a run leaves: it goes on for the others" kill -0 "$(tail -1 deploy.pids)"
: >go.2
answered c
is "who are told" "$(got c)" "200 run 2 of main"

fresh
arrives a GET /deploy
arrives b GET /deploy
arrives c GET /deploy
: >go.1
answered a
within 5 lines deploy.runs 2 || fail "the second run begins"
leaves b stays
kill -0 "$(tail -1 deploy.pids)" || fail "the run goes on"
leaves c stays
ok "all leave a run: it is ended" within 5 gone "$(tail -1 deploy.pids)"
answered
is "before it was done" "$(cat deploy.done)" 1

fresh
arrives a GET /deploy
arrives b POST /deploy
arrives c GET /deploy
: >go.1
answered a
within 5 lines deploy.runs 2 || fail "the second run begins"
leaves b stays
leaves c
sleep 0.3
ok "a POST was among them: it goes on" kill -0 "$(tail -1 deploy.pids)"
: >go.2
ok "to its end" within 5 lines deploy.done 2
answered

fresh
arrives a GET /keep
within 5 lines deploy.runs 1
leaves a stays
sleep 0.3
ok "on_disconnect = continue: so does this" kill -0 "$(tail -1 deploy.pids)"
: >go.1
ok "to its end" within 5 lines deploy.done 1
answered

# --- a reload in between ------------------------------------------------------

fresh
arrives a GET /hold
arrives b GET /deploy
arrives c GET /deploy
within 5 lines hold.pids 1
within 5 lines deploy.runs 1
reloads=$(grep -c ' INFO reload' "$LOG")
kill -HUP "$pid"
within 5 eval '[ "$(grep -c " INFO reload" "$LOG")" -gt $reloads ]' || fail "reload"
arrives d GET /hold
arrives e GET /deploy
ok "a route of the new configuration is another one" within 5 lines deploy.runs 2
is "a limit holds across a reload" "$(wc -l <hold.pids)" 1
: >release
: >go.all
answered a b c d e
is "all are served" "$(got a b c d e)" "200 200 run 1 of main 200 run 3 of main 200 200 run 2 of main"
is "but before and after it nothing is shared" "$(wc -l <deploy.runs)" 3

# --- a storm: some read their answer, some leave sooner or later ----------------

fresh
storm=
readers=0
for loop in 1 2 3 4 5 6; do
    words=
    for n in $(seq 40); do
        case $(((n * 7 + loop * 3) % 8)) in
        0 | 1) words="$words good:GET:/quick sleep:0.00$n reconnect" ;;
        2) words="$words good:GET:/quick sleep:0.0$n reconnect" ;;
        *)
            words="$words good:GET:/quick read reconnect"
            readers=$((readers + 1))
            ;;
        esac
    done
    # shellcheck disable=SC2086
    raw $words >storm.$loop &
    storm="$storm $!"
done
# shellcheck disable=SC2086
wait $storm
ok "nobody is left behind" within 10 inside 0
is "who stays is told" "$(cat storm.? | grep -c '"exit_code":0')" $readers
is "each request is in the log, once" "$(logged 'route=/quick .*status=(200|499)')" 240
ok "and many share a run" [ "$(wc -l <quick.runs)" -lt 200 ]
note "runs: $(wc -l <quick.runs), told: $(logged 'route=/quick .*status=200'), joined: $(logged joined=yes)"
answers 200 GET /quick

# --- order, and those who wait too long ---------------------------------------

stop
{
    echo "max_running = 1"
    echo "queue = 7"
    echo "queue_timeout = 60"
    echo "read_timeout = 120"
    routes
} | conf
begin
fresh
arrives first GET /hold
within 5 lines hold.pids 1
arrives n1 GET "/note?n=1"
arrives n2 GET "/noted?n=2"
arrives n3 GET "/note?n=3"
arrives n4 GET "/noted?n=4"
arrives n5 GET "/noted?n=5"
arrives n6 GET "/note?n=6"
arrives n7 GET "/note?n=7"
ask GET /fast
is "the queue is full" "$code $(json .message)" "503 Busy"
ask GET /never
is "who never waits is told at once" "$code" 503
: >release
answered first n1 n2 n3 n4 n5 n6 n7
is "in order of arrival, whatever the route" "$(xargs <notes)" "1 2 3 4 5 6 7"
is "and who came first waited longest" \
    "$(jq -s '.[0].queued_ms > .[1].queued_ms' n1.body n7.body)" true

fresh
arrives a GET /deploy
for n in b c d e f g h; do
    arrives $n GET /deploy
done
ask GET /deploy
is "who joins takes a place in the queue" "$code $(json .message)" "503 Busy"
: >go.all
answered a b c d e f g h
is "the others are served" "$(wc -l <deploy.runs) $(got h)" "2 200 run 2 of main"

stop
{
    echo "max_running = 4"
    echo "queue_timeout = 1.5"
    routes
} | conf
begin
fresh
arrives a GET /deploy
ask_meanwhile b GET /deploy
asked_b=$asked
ask_meanwhile c POST /deploy
asked_c=$asked
ask_meanwhile d GET "/deploy?branch=main"
asked_d=$asked
here=4
answered b c d
is "who has waited too long, alone or not, is sent away" "$(got b c d)" "503 Busy 503 Busy 503 Busy"
like "and told when to come again" "$(cat b.head c.head d.head | grep -ci '^retry-after: [1-9]')" '^3$'
is "the log tells how long that was" "$(logged 'why=Busy queued_ms=(1[5-9]|[2-9][0-9])[0-9]{2}\.')" 3
is "nothing ran for them" "$(wc -l <deploy.runs)" 1
arrives e GET /deploy
arrives f GET /deploy
: >go.1
answered a
within 5 lines deploy.runs 2
sleep 2
: >go.2
answered e f
is "who has its run waits for it as long as it takes" "$(got e f)" "200 run 2 of main 200 run 2 of main"

finish
