#!/bin/sh
# tests/it/output.sh -- stdout and stderr, together, apart and raw, and what happens to too much.
. "${0%/*}/lib.sh"

head -c 3000000 /dev/urandom >binary
cat >chart.svg <<'END'
<svg xmlns="http://www.w3.org/2000/svg"><text>&lt;30 °C&gt;</text></svg>
END
seq 1 100000 >numbers
printf '#!/bin/sh\nprintf one; sleep 0.2; printf two >&2; sleep 0.2; printf three\n' >both.sh
printf '#!/bin/sh\nsleep 61 & echo $! >flood.child; echo begin; exec yes\n' >flood.sh
printf '#!/bin/sh\necho half; echo why >&2; exit 3\n' >fails.sh
chmod +x both.sh flood.sh fails.sh
conf <<'EOC'
grace = 2
route "/both"     { argv = { "./both.sh" } }
route "/apart"    { argv = { "./both.sh" } output = split }
route "/exits"    { argv = { "./fails.sh" } output = split }
route "/svg"      { argv = { "cat", "chart.svg" } output = raw  content_type = "image/svg+xml" }
route "/file"     { argv = { "cat", "{name}" } output = raw  output_max = "3M"
    content_type = "application/octet-stream"
    param "name" { type = path  root = "." } }
route "/nothing"  { argv = { "true" } output = raw  content_type = "text/plain" }
route "/noisy"    { argv = { "sh", "-c", "head -c 200000 /dev/zero >&2; cat chart.svg" }
    output = raw  content_type = "image/svg+xml" }
route "/rawfails" { argv = { "./fails.sh" } output = raw  content_type = "image/svg+xml" }
route "/rawslow"  { argv = { "sh", "-c", "echo late >&2; exec sleep 60" } timeout = 0.4
    output = raw  content_type = "image/svg+xml" }
route "/rawsignal" { argv = { "sh", "-c", "echo x; kill -9 $$" }
    output = raw  content_type = "image/svg+xml" }
route "/rawnot"   { argv = { "no-such-command" } output = raw  content_type = "image/svg+xml" }
route "/rawfits"  { argv = { "head", "-c", "2048", "binary" } output_max = "2K"
    output = raw  content_type = "image/png" }
route "/rawmore"  { argv = { "head", "-c", "2049", "binary" } output_max = "2K"
    output = raw  content_type = "image/png" }
route "/rawflood" { argv = { "./flood.sh" } output_max = "2K" output_keep = kill
    output = raw  content_type = "text/plain" }
route "/head"     { argv = { "cat", "numbers" } output_max = "3K" }
route "/tail"     { argv = { "cat", "numbers" } output_max = "3K" output_keep = tail }
route "/tailboth" { argv = { "sh", "-c", "cat numbers; sleep 0.2; echo end >&2" }
    output_max = "3K" output_keep = tail  output = split }
route "/exact"    { argv = { "head", "-c", "3072", "numbers" } output_max = "3K" output_keep = tail }
route "/kill"     { argv = { "./flood.sh" } output_max = "3K" output_keep = kill }
route "/killnot"  { argv = { "head", "-c", "3072", "numbers" } output_max = "3K" output_keep = kill }
EOC
serve
serve_web

# Apart.
answers 200 GET /both
is "together they keep their order" "$(json '[.data, .stdout, .stderr] | @json')" '["onetwothree",null,null]'
answers 200 GET '/both?_split=1'
is "apart when the query asks for it" "$(json '[.data, .stdout, .stderr] | @json')" \
    '["onetwothree","onethree","two"]'
is "behind the four keys that come first" "$(json 'keys_unsorted[0:6] | join(" ")')" \
    "status code message data stdout stderr"
answers 200 GET /apart
is "apart when the route says so" "$(json '.stdout + " " + .stderr')" "onethree two"
answers 200 GET '/apart?_split=0'
is "and not when the query says no" "$(json '[.data, .stdout] | @json')" '["onetwothree",null]'
answers 500 GET /exits
is "a failure is told apart, too" "$(json '[.stdout, .stderr, .exit_code] | @json')" '["half\n","why\n",3]'
answers 400 GET '/both?_split=2'
like "a word that is none is refused" "$(json .message)" '^parameter _split: '
answers 400 GET '/both?_nothing=1'
like "and so are other words of ours" "$(json .message)" '^parameter _nothing: unknown'
answers 400 GET '/svg?_split=1'

# Raw.
answers 200 GET /svg
ok "the body is what the command wrote" cmp body chart.svg
is "of the type that the route says" "$(header content-type)" "image/svg+xml"
is "with its length" "$(header content-length)" "$(wc -c <chart.svg)"
is "and no browser guesses or runs it" \
    "$(header x-content-type-options) $(header content-security-policy)" "nosniff sandbox"
answers 200 GET '/file?name=binary'
ok "three megabytes of any bytes are the same" cmp body binary
answers 200 GET /nothing
is "nothing is an empty body" "$(header content-length) $(wc -c <body)" "0 0"
answers 200 GET /noisy
ok "stderr is no part of it, however much" cmp body chart.svg
answers 200 HEAD /svg
is "HEAD runs nothing" "$(header content-type)" "application/json"
answers 500 GET /rawfails
is "a failure is JSON with stderr" "$(header content-type) $(json '[.message, .data, .exit_code] | @json')" \
    'application/json ["Command failed","why\n",3]'
answers 504 GET /rawslow
is "past its timeout, too" "$(json '[.message, .data] | @json')" '["Command timed out","late\n"]'
answers 500 GET /rawsignal
is "ended by a signal, too" "$(json '[.data, .signal] | @json')" '["",9]'
answers 500 GET /rawnot
like "not found, too" "$(json .data)" 'no-such-command'
answers 200 GET /rawfits
ok "what just fits is whole" eval 'head -c 2048 binary | cmp - body'
answers 500 GET /rawmore
is "one byte more is none of it" "$(json '[.message, .data, .truncated] | @json')" \
    '["Output limit exceeded","",true]'
ok "and the log says why" said 'route=/rawmore .*status=500 exit=0 why="more output than output_max"'
answers 500 GET /rawflood
is "or is ended" "$(json '[.message, .signal] | @json')" '["Output limit exceeded",15]'
ask_bare GET /svg
is "a refusal is JSON as ever" "$code $(header content-type)" "401 application/json"

# Whoever reads slowly, or not alone, gets all of it.
answers 200 GET '/file?name=binary' --limit-rate 2M
ok "a slow reader gets the same" cmp body binary
for i in 1 2 3 4 5 6; do
    ask_meanwhile "p$i" GET '/file?name=binary'
    eval "p$i=$asked"
done
wait "$p1" "$p2" "$p3" "$p4" "$p5" "$p6"
ok "six at once get the same" eval 'for i in 1 2 3 4 5 6; do cmp p$i.body binary || exit 1; done'

# Too much.
ask GET /head
ok "head: the first bytes" eval 'head -c 3072 numbers >want; jq -j .data body | cmp - want'
is "which is told" "$code $(json .truncated)" "200 true"
ask GET /tail
ok "tail: the last bytes" eval 'tail -c 3072 numbers >want; jq -j .data body | cmp - want'
is "which is told, too" "$code $(json .truncated)" "200 true"
ask GET /exact
ok "what just fits is whole" eval 'head -c 3072 numbers >want; jq -j .data body | cmp - want'
is "and is told as whole" "$(json .truncated)" false
ask GET /tailboth
is "the last bytes of both, and whose they are" \
    "$(json '[(.data | length), .stderr, .data[-11:], .stdout[-7:]] | @json')" \
    '[3072,"end\n","100000\nend\n","100000\n"]'
begin=$(now_ms)
answers 500 GET /kill
is "kill: ended at its limit" "$(json '[.status, .message, .truncated, .signal, (.data | length)] | @json')" \
    '["error","Output limit exceeded",true,15,3072]'
ok "at once ($(($(now_ms) - begin)) ms)" [ $(($(now_ms) - begin)) -lt 10000 ]
ok "with all that it had started" within 2 gone "$(cat flood.child)"
answers 200 GET /killnot
is "what just fits ends nothing" "$(json '[.truncated, (.data | length)] | @json')" "[false,3072]"

# The same without a web server.
cgi() { # PATH [QUERY]
    env -i ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" GATEWAY_INTERFACE=CGI/1.1 \
        CMON_CONF="$CONF" REQUEST_METHOD=GET PATH_INFO="$1" QUERY_STRING="${2-}" \
        HTTP_ACCESS_TOKEN="$KEY" "$CMON" </dev/null 2>>"$LOG"
}
cgi /file name=binary >cgi.out
sed '/^\r$/q' cgi.out >cgi.head
ok "CGI: header, then the bytes" eval 'tail -c +$(($(wc -c <cgi.head) + 1)) cgi.out | cmp - binary'
like "CGI: the type" "$(cat cgi.head)" '^Content-Type: application/octet-stream'
like "CGI: a failure is JSON" "$(cgi /rawfails)" '"data":"why\\n"'
like "CGI: apart" "$(cgi /both _split=1)" '"stdout":"onethree","stderr":"two"'
like "CGI: the tail" "$(cgi /tail)" '99999\\n100000\\n"'
like "CGI: ended at its limit" "$(cgi /kill)" '^Status: 500'

# The operator's tool.
"$CMON" run -c "$CONF" /file name=binary >run.out 2>run.err
is "run: raw is printed as it is" "$? $(cmp run.out binary 2>&1)$(cat run.err)" "0 "
"$CMON" run -c "$CONF" /both _split=1 >run.out 2>run.err
is "run: stdout and stderr apart" "$(cat run.out) $(cat run.err)" "onethree two"
"$CMON" run -c "$CONF" /tail >run.out
ok "run: the last bytes" eval 'tail -c 3072 numbers | cmp - run.out'
is "run --json: raw is JSON, too" "$("$CMON" run -c "$CONF" --json /svg | jq -r .data)" "$(cat chart.svg)"
"$CMON" run -c "$CONF" /rawmore >run.out 2>run.err
like "run: too much is told" "$(cat run.err)" 'Output limit exceeded'
is "routes --json tells the output" \
    "$("$CMON" routes -c "$CONF" --json | jq -r '.[] | select(.path == "/svg").output')" raw

finish
