#!/bin/sh
# tests/it/log.sh -- one line an event, in a form that scripts can read, and never a token.
. "${0%/*}/lib.sh"

conf <<'EOC'
route "/exit3"   { argv = { "sh", "-c", "exit 3" } }
route "/killed"  { argv = { "sh", "-c", "kill -9 $$" } }
route "/spaced"  { argv = { "sh", "-c", "true   ; : \"quoted\"" } }
route "/missing" { argv = { "no-such-command" } }
route "/nodir"   { argv = { "true" } workdir = "gone" }
route "/one"     { argv = { "sh", "-c", "echo >started; sleep 20" } max_running = 1 on_busy = reject }
EOC
serve
serve_web

now='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z'
last() { # the line of the last request
    grep -E ' (request|refused) ' "$LOG" | tail -1
}

like "a start is logged" "$(cat "$LOG")" "^$now INFO start"
like "and that it is ready" "$(cat "$LOG")" "^$now INFO ready"
like "and how it makes processes" "$(cat "$LOG")" "^$now INFO ready .* spawn=(clone3|clone|vfork|vfork-sigchld)\$"
like "and what there is room for" "$(cat "$LOG")" "^$now INFO ready .* output_room=[0-9]{5,10} "
is "which is not the setting" "$(grep -c ' ready .*output_max' "$LOG")" 0
like "a missing command is a warning at start" "$(cat "$LOG")" "^$now WARNING .*no-such-command"

ask GET /health
like "a request" "$(last)" "^$now INFO request method=GET uri=/cmon/health route=/health command=.?uptime.? client=127\.0\.0\.1 status=200 exit=0 duration_ms=[0-9.]+ cpu_ms=[0-9.]+\$"
ask GET /exit3
like "a failure is a WARNING" "$(last)" "^$now WARNING request method=GET .*command=.?sh.*status=500 exit=3 "
ask GET /killed
like "so is a signal" "$(last)" "^$now WARNING request .*status=500 signal=9 "
ask GET /missing
like "so is a command that is not there" "$(last)" "^$now WARNING request .*status=500 why="
ask GET /nodir
like "so is one whose directory is not there" "$(last)" "^$now WARNING request .*status=500 why=.*gone"
ask_meanwhile one GET /one
within 10 test -e started
ask GET /one
like "so is being busy, which is no failure" "$(last)" "^$now WARNING request .*status=503 why="
kill "$asked" # and its command with it
wait "$asked"
within 10 eval 'last | grep -q status=499'
like "a client that has left" "$(last)" "^$now WARNING request .*status=499 "
raw begin:version=2 read >/dev/null
like "what no web server sends is a WARNING" "$(tail -1 "$LOG")" "^$now WARNING malformed "
ask_bare GET /health
like "a refused token is an ERROR" "$(last)" "^$now ERROR refused method=GET uri=/cmon/health .*client=127\.0\.0\.1 status=401"
ask GET /nope
like "404" "$(last)" "^$now [A-Z]+ [a-z]+ method=GET uri=/cmon/nope .*status=404"
ask PUT '/sync_upstream?branch=--evil'
like "400" "$(last)" "^$now [A-Z]+ [a-z]+ method=PUT uri=/cmon/sync_upstream .*status=400"
is "the query is not logged" "$(grep -c evil "$LOG")" 0
ask HEAD /health
like "HEAD" "$(last)" "method=HEAD .*status=200"
ask OPTIONS /health
like "OPTIONS" "$(last)" "method=OPTIONS .*status=204"

# What would forge a line, or move the terminal that shows it.
ask GET '/a%0AFORGED%20line'
like "a newline is escaped" "$(last)" 'uri="/cmon/a\\x0[aA]FORGED line"'
ask GET '/a%1B%5B2J%7F%08'
like "so is an escape sequence" "$(last)" 'uri="?/cmon/a\\x1[bB]\[2J\\x7[fF]\\x08'
ask GET '/say%22hi%22%5C'
like "quotes and backslashes cannot end a value early" "$(last)" 'uri="/cmon/say\\"hi\\"\\\\"'
ask GET '/%C3%A4%FF%C2%9B'
is "no byte of the log is a control or half a character" \
    "$(LC_ALL=C grep -c "$(printf '[\001-\010\013-\037\177]')" "$LOG") $(iconv -f UTF-8 -t UTF-8 "$LOG" >/dev/null 2>&1 && echo utf8)" "0 utf8"
raw begin request:GET:/health "pair:REMOTE_ADDR=1.2.3.4 status=200
ERROR forged" params params-end stdin-end read >/dev/null
like "the client address neither" "$(last)" 'client="1\.2\.3\.4 status=200\\x0[aA]ERROR forged"'
raw begin "pair:REQUEST_METHOD=GE T=x" pair:SCRIPT_NAME=/health params params-end stdin-end read >/dev/null
like "nor the method" "$(last)" 'method="GE T=x"'
is "every line is one event" "$(grep -cvE "^$now (INFO|WARNING|ERROR) (start|ready|request|refused|malformed|reload|restart|stop|drained|warning|error)( |\$)" "$LOG")" 0
long=$(printf '%03000d' 7 | tr 0 z)
ask GET "/$long"
ok "a long uri makes no endless line" [ "$(tail -1 "$LOG" | wc -c)" -lt 6000 ]

# Never a token, wherever a client puts it.
other=$(openssl rand -hex 32)
for key in "$KEY" "$other"; do
    ask_bare GET /health -H "access_token: $key"
    ask_bare GET /health -H "Authorization: Bearer $key"
    ask_bare GET "/health?access_token=$key"
    ask_bare GET "/health/$key"
    ask_bare GET "/x${key}y"
    ask_bare GET "/$(echo "$key" | tr a-f A-F)"
    ask GET "/health/$key"
    ask_bare "$key" /health
    ask_bare GET "/health" -A "$key" -H "Referer: $key" -H "Cookie: $key"
    raw begin request:GET:/health "pair:REMOTE_ADDR=$key" params params-end stdin-end read >/dev/null
done
is "no token is in the log" "$(grep -ciE "$KEY|$other|[0-9a-f]{32}" "$LOG")" 0
like "its place is masked" "$(cat "$LOG")" 'uri="?/cmon/health/[^0-9a-f ]'

# Both ends of a line survive many writers.
whole="^$now INFO request method=GET uri=/cmon/health .*duration_ms=[0-9.]+ cpu_ms=[0-9.]+\$"
before=$(grep -cE "$whole" "$LOG")
for _ in $(seq 200); do
    echo "url = \"$URL/health\""
    echo "output = /dev/null"
done >many.curl
it_tls_curl -Z --parallel-max 16 -H @key.header -K many.curl 2>err
is "200 requests at once are 200 whole lines" \
    "$(grep -cE "$whole" "$LOG")" $((before + 200))
stop
like "the stop is logged" "$(tail -3 "$LOG")" "^$now INFO (stop|drained)"

# A log that nobody reads, or that is gone, stops nothing.
conf <<'EOC'
log { stderr = no  syslog = no }
EOC
spawn-fcgi -n -s "$SOCK" -M 0600 -- "$CMON" -c "$CONF" >quiet 2>&1 &
pid=$!
healthy() {
    ask GET /health
    [ "$code" = 200 ]
}
within 10 healthy # no line tells when it is ready
is "without a log it serves, and nothing is said of requests" "$code $(grep -c request quiet)" "200 0"
stop
conf </dev/null
spawn-fcgi -n -s "$SOCK" -M 0600 -- "$CMON" -c "$CONF" 2>/dev/full >/dev/null &
pid=$!
ok "a full disk under the log stops nothing" within 10 healthy

# Whoever reads the log stops reading: that stops the log and nothing else.
cat >deaf.py <<-'EOP'
	import fcntl, os, signal, subprocess, sys, time
	sock, key, cmon, conf = sys.argv[1:]
	r, w = os.pipe()
	fcntl.fcntl(w, 1031, 4096)  # F_SETPIPE_SZ
	p = subprocess.Popen(["spawn-fcgi", "-n", "-s", sock, "-M", "0600", "--", cmon, "-c", conf], stderr=w)
	os.close(w)
	while not os.path.exists(sock):
	    time.sleep(0.01)
	time.sleep(0.5)
	ask = ["python3", "it/fcgi_raw.py", sock, key] + ["good:GET:/nowhere", "read:10", "reconnect"] * 60
	said = subprocess.run(ask, stdout=subprocess.PIPE).stdout
	print("answers", said.count(b"Status: 404"), end=" ")
	os.read(r, 4096)
	subprocess.run(ask[:6], stdout=subprocess.DEVNULL)
	text = os.read(r, 4096).decode()
	print("told", "lines lost" in text, end=" ")
	p.send_signal(signal.SIGTERM)
	print("ended", p.wait(10))
EOP
is "a log that nobody reads holds up nothing, and tells what is missing" \
    "$(timeout 40 python3 deaf.py "$T/deaf.sock" "$KEY" "$CMON" "$CONF" 2>&1)" \
    "answers 60 told True ended 0"

finish
