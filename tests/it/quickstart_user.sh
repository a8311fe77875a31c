#!/bin/sh
# tests/it/quickstart_user.sh -- ./quickstart of an ordinary user: starts, tells, stops, survives.
limit=90 also="quickstart .ci nginx"
. "${0%/*}/lib.sh"
[ -z "$SAN" ] || it_skip_all "a sanitizer's build serves no user"

# A space in the path, as people have it.
mv src "a clone"
export QUICKSTART_BUILD="$T"
clone="$T/a clone"
trap 'for d in "$clone" "$T/moved" "$T/copy"; do [ ! -e "$d" ] || (cd "$d" && ./quickstart stop); done >/dev/null' EXIT
cd "$clone" || exit 99
Q=.quickstart

# Processes that carry the name of our directory: cmon and nginx's masters.
ours() {
    grep -alsF "$T/" /proc/[0-9]*/cmdline | sed 's/[^0-9]//g' | while read -r p; do
        { tr '\0' ' ' <"/proc/$p/cmdline"; } 2>/dev/null | grep -E '^nginx: |/bin/cmon -c '
    done
}

get() { # PATH [curl option...]
    path=$1
    shift
    curl -sS -m 20 --cacert $Q/tls.crt -H "access_token: $(cat $Q/client_secret.key)" "$@" \
        "$(cat $Q/url)$path"
}

answers_health() {
    get /health | grep -q '^{"status":"ok","code":200,"message":"Command executed",'
}

ends_all() { # PID...
    for p; do
        gone "$p" || return 1
    done
}

refused() { # nothing listens there
    curl -s -m 5 -o /dev/null "$(cat $Q/url)/health"
    [ $? -eq 7 ]
}

# --- the first run -------------------------------------------------------------

ok "nothing runs before the first run" test "$(./quickstart status; echo $?)" = "does not run; ./quickstart starts it
3"
ok "./quickstart succeeds" ./quickstart
cp ok.out first.out
like "it counts its steps" "$(cat first.out)" '^\[ 7/7\] health \.\.\. [0-9]+ s$'
line=$(sed -n 's/^\$ curl /curl -s /p' first.out)
like "the command that it prints answers" "$(eval "$line")" '^\{"status":"ok","code":200'
like "it prints the answer" "$(cat first.out)" '^\{"status":"ok","code":200,"message":"Command executed","data":".*load average'
like "url is one line" "$(cat $Q/url)" '^https://127\.0\.0\.1:[0-9]+/cmon$'
is "url is one line indeed" "$(wc -l <$Q/url)" 1
is "the key is its owner's alone" "$(stat -c '%a %u' $Q/client_secret.key)" "600 $(id -u)"
like "the key has 256 bits" "$(cat $Q/client_secret.key)" '^[0-9a-f]{64}$'
is "so is the key of the certificate" "$(stat -c %a $Q/tls.key)" 600
is "so is the whole directory" "$(stat -c %a $Q)" 700
is "so is the socket" "$(stat -c %a $Q/cmon.sock)" 600
like "without the token: 401" "$(curl -s -o /dev/null -w '%{http_code}' --cacert $Q/tls.crt "$(cat $Q/url)/health")" 401
curl -s -o /dev/null "$(cat $Q/url)/health"
is "without the certificate: no connection" $? 60
like "status tells" "$(./quickstart status)" "^runs: $(cat $Q/url), cmon PID $(cat $Q/run/cmon.pid), nginx PID $(cat $Q/nginx/nginx.pid)\$"

like "a route of the sample configuration" "$(get '/hello?name=you')" '"data":"Hello, you\\n"'
like "deploy runs the sample" "$(get '/deploy_branch?branch=main' -X POST)" '"data":"deploy main: '
like "teardown runs the sample" "$(get '/teardown_branch?branch=main' -X DELETE)" '"data":"teardown main: '
like "sync pulls into the sample, and not into the clone around it" "$(get /sync_upstream -X PUT)" '"code":200,.*"data":".*Already up to date'
is "reboot is harmless" "$("$CMON" routes -c $Q/cmon.conf --json | jq -r '.[] | select(.path == "/reboot").argv[0]')" echo

# --- again ------------------------------------------------------------------------

before=$(cat $Q/run/cmon.pid $Q/nginx/nginx.pid $Q/client_secret.key)
begin=$(now_ms)
like "a second run says that it runs" "$(./quickstart)" '^cmon runs already'
ok "and is quick" test $(($(now_ms) - begin)) -lt 3000
is "and harmless" "$(cat $Q/run/cmon.pid $Q/nginx/nginx.pid $Q/client_secret.key)" "$before"
old=$(cat $Q/run/cmon.pid)
like "POST /restart answers" "$(get /restart -X POST)" '^\{"status":"ok","code":200'
ok "another process serves" within 10 test "$(cat $Q/run/cmon.pid)" != "$old"
ok "status knows it" ./quickstart status
ok "stop ends what was started" ./quickstart stop
is "no process is left" "$(ours)" ""
is "no socket, no pid file" "$(find . -type s -o -name '*.pid')" ""
ok "nothing listens" refused
./quickstart status >/dev/null
is "status says so" $? 3
like "a second stop has nothing to do" "$(./quickstart stop)" '^nothing of this clone runs'

# --- halves, ports, other people's processes ------------------------------------

key=$(cat $Q/client_secret.key)
ok "it starts again" ./quickstart
is "with the same key" "$(cat $Q/client_secret.key)" "$key"
kill -KILL "$(cat $Q/run/cmon.pid)"
ok "a killed cmon is told" within 5 sh -c '! ./quickstart status'
ok "and replaced" ./quickstart
workers=$(pgrep -P "$(cat $Q/nginx/nginx.pid)")
kill -KILL "$(cat $Q/nginx/nginx.pid)"
like "a killed nginx is told" "$(within 5 sh -c '! ./quickstart status' && ./quickstart status)" '^cmon runs .* nginx does not'
ok "and replaced" ./quickstart
# shellcheck disable=SC2086 # words on purpose
ok "its workers are gone with their port" ends_all $workers
rm $Q/run/cmon.pid
ok "a cmon whose pid file is lost is found" ./quickstart stop
is "and ended" "$(ours)" ""

sleep 300 &
other=$!
echo $other >$Q/run/cmon.pid
echo $other >$Q/nginx/nginx.pid
./quickstart status >/dev/null
is "a pid file of old that names another's process is no cmon" $? 3
./quickstart stop >/dev/null
ok "that process is not ended" kill -0 $other
kill $other

url=$(cat $Q/url)
port=$(sed 's/.*:\([0-9]*\).*/\1/' $Q/url)
python3 -c "
import socket, time
s = socket.create_server(('127.0.0.1', $port))
print(flush=True)
time.sleep(60)" >"$T/listening" &
other=$!
ok "a port is taken meanwhile" within 5 test -s "$T/listening"
ok "it starts all the same" ./quickstart
ok "on another port" test "$(cat $Q/url)" != "$url"
ok "and answers there" answers_health
kill $other

# --- clones -------------------------------------------------------------------------

cd .. && mv "a clone" moved && cd moved || exit 99
ok "in a clone that was moved, status knows what runs" ./quickstart status
ok "it starts anew there" ./quickstart
is "and only there" "$(ours | grep -c "^$T/moved/.*/bin/cmon -c")/$(ours | grep -c /bin/cmon)" 1/1
cp -a . "$T/copy"
cd "$T/copy" || exit 99
./quickstart status >/dev/null
is "in a copied clone nothing runs" $? 3
./quickstart stop >/dev/null
cd "$T/moved" || exit 99
ok "and its stop leaves the other one alone" answers_health
./quickstart stop >/dev/null
./quickstart >"$T/one.out" 2>&1 &
first=$!
ok "two at once succeed" ./quickstart
wait $first
is "both of them" $? 0
is "and start one cmon" "$(ours | grep -c /bin/cmon)" 1
./quickstart stop >/dev/null

deep=$T/copy/$(printf %090d 0)
mkdir "$deep"
cp -R quickstart .ci nginx "$deep"
cd "$deep" || exit 99
ok "a path longer than a socket's name may be" ./quickstart
short=$(cat $Q/socket)
./quickstart stop >/dev/null
is "leaves nothing where the socket was" "$(ls -d "${short%/*}" 2>/dev/null)" ""

# --- under gdb -------------------------------------------------------------------

cd "$T/moved" || exit 99
if command -v gdb >/dev/null; then
    {
        within 15 answers_health && echo yes >"$T/debug.yes"
        echo "interrupt -a"
        sleep 0.5
        echo quit
    } | ./quickstart --debug >"$T/debug.out" 2>&1
    is "under gdb cmon answers" "$(cat "$T/debug.yes")" yes
    like "and can be stopped" "$(cat "$T/debug.out")" 'epoll_wait'
    is "and ends with gdb" "$(ours)" ""
else
    skip "under gdb cmon answers" "gdb is not installed"
fi

# --- the command line -----------------------------------------------------------

for words in nonsense "stop now" --no; do
    # shellcheck disable=SC2086 # words on purpose
    ./quickstart $words >"$T/out" 2>&1
    is "'$words' is not understood: 2" $? 2
done
like "usage goes with it" "$(cat "$T/out")" '^usage: ./quickstart'
ok "--help is" ./quickstart --help
is "nothing is left of all this" "$(ours)" ""
cd "$T" && finish
