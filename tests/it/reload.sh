#!/bin/sh
# tests/it/reload.sh -- SIGHUP takes a good configuration and a new key, and refuses a bad one.
. "${0%/*}/lib.sh"

with() { # TEXT: a configuration that says it
    conf <<-EOC
	output_max = "$2"
	route "/who" { argv = { "echo", "$1" } }
	route "/long" { argv = { "sh", "-c", "sleep 1; echo old" } }
	EOC
}

lines() { # ERE: how often it was said
    grep -cE -- "$1" "$LOG"
}

more() { # ERE COUNT
    [ "$(lines "$1")" -gt "$2" ]
}

hup() { # reloads and waits until the log tells how it went
    it_before=$(lines '(INFO|WARNING|ERROR) reload')
    kill -HUP "$pid"
    within 5 more '(INFO|WARNING|ERROR) reload' "$it_before" || fail "a reload is logged" "$(tail -3 "$LOG")"
}

with one 1M
mkdir docroot
serve env "DOCUMENT_ROOT=$T/docroot"
serve_web
is "the first configuration serves" "$(ask GET /who && json .data)" one

with two 1M
is "a changed file changes nothing by itself" "$(ask GET /who && json .data)" one
hup
is "after SIGHUP the second one serves" "$(ask GET /who && json .data)" two
like "a good reload is INFO" "$(grep -E ' reload' "$LOG" | tail -1)" ' INFO reload'

with three 1M
echo 'route "/who { broken' >>"$CONF"
hup
is "a file that does not parse: the old one serves on" "$(ask GET /who && json .data)" two
like "and that is an ERROR" "$(grep -E ' reload|cmon.conf:' "$LOG" | tail -3)" ' ERROR '
like "with file and line" "$(tail -5 "$LOG")" 'cmon\.conf:[0-9]+'

with three 1M
echo 'max_running = 0' >>"$CONF"
hup
is "a value out of range: the old one serves on" "$(ask GET /who && json .data)" two

with three 1M
chmod 666 "$CONF"
hup
is "a file that others may write: the old one serves on" "$(ask GET /who && json .data)" two
chmod 644 "$CONF"

rm "$CONF"
hup
is "no file: the old one serves on" "$(ask GET /who && json .data)" two

with three 1M
chmod 644 client_secret.key
hup
is "a key that others can read: the old configuration and key serve on" "$(ask GET /who && json .data)" two
chmod 600 client_secret.key

cp client_secret.key docroot
sed -i 's,client_secret.key,docroot/&,' "$CONF"
hup
is "a key below the DOCUMENT_ROOT of the start: the old one serves on" "$(ask GET /who && json .data)" two
like "and why" "$(tail -2 "$LOG")" " ERROR reload .*DOCUMENT_ROOT=$T/docroot: .*the configuration in use stays"
with three 1M

ask_meanwhile long GET /long
old=$KEY
KEY=$(openssl rand -hex 32)
echo "$KEY" >client_secret.key
sleep 0.3 # the long one is running
hup
ask GET /who
is "a new key: the old one is refused" "$code" 401
wait "$asked"
is "what was running finishes under the old configuration" "$(jq -r .data long.body)" old
echo "access_token: $KEY" >key.header
is "the new key opens" "$(ask GET /who && json .data)" three
is "the old one was another" "$([ "$old" != "$KEY" ] && echo yes)" yes

with four 1M
echo 'max_running = 1  queue_timeout = 8' >>"$CONF"
hup
cat >slow.sh <<'END'
#!/bin/sh
echo >>started
while [ ! -e enough ]; do sleep 0.05; done
END
chmod +x slow.sh
both_started() {
    [ "$(grep -c '' started)" = 2 ]
}
echo 'route "/slow" { argv = { "./slow.sh" } timeout = 20 }' >>"$CONF"
hup
ask_meanwhile first GET /slow
first=$asked
within 5 test -e started
ask_meanwhile second GET /slow
sleep 0.3 # it waits in the queue
sed -i 's/^max_running = 1/max_running = 2/' "$CONF"
hup
ok "more commands at once: who waits is started by the reload" within 4 both_started
echo >enough
wait "$first" "$asked"

with three 1M
echo 'core_dumps = yes' >>"$CONF"
hup
like "what a reload does not change is told" "$(tail -2 "$LOG")" 'WARNING reload .*core_dumps change with a restart'
with three 1M
hup

kill -HUP "$pid"; kill -HUP "$pid"; kill -HUP "$pid"
sleep 0.3
answers 200 GET /who
ok "many reloads in a row leave the same process" kill -0 "$pid"
i=0
while [ $i -lt 20 ]; do
    i=$((i + 1))
    with "round$i" 64K
    hup
done
is "twenty reloads later it serves the last" "$(ask GET /who && json .data)" round20

finish
