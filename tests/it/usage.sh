#!/bin/sh
# tests/it/usage.sh -- what a command has cost is in its answer, and at the terminal.
. "${0%/*}/lib.sh"

conf <<'EOC'
route "/burn"   { argv = { "sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done" } }
route "/naps"   { argv = { "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.01; done" } }
route "/memory" { argv = { "python3", "-c", "x = bytearray(300 << 20); x[::4096] = x[::4096]" } }
route "/big"    { argv = { "sh", "-c", "yes | head -c 30000000" }  output_max = 40M }
route "/true"   { argv = { "true" } }
route "/exit3"  { argv = { "sh", "-c", "echo said; exit 3" }  delays = yes }
route "/slow"   { argv = { "sleep", "20" }  timeout = 0.2  grace = 0.2 }
route "/none"   { argv = { "no-such-command" } }
EOC
serve
serve_web

holds() { # PROMISE JQ-CONDITION: of the last answer
    is "$1" "$(json "$2")" true
    [ "$(json "$2")" = true ] || note "$(head -c 600 body)"
}

answers 200 GET /burn
is "usage has these keys" "$(jq -c '.usage | del(.max_rss_kb) | keys_unsorted' body)" "$(echo '["user_ms",
    "system_ms", "minor_faults", "major_faults", "voluntary_switches", "involuntary_switches",
    "block_read_bytes", "block_written_bytes"]' | jq -c .)"
holds "all of them numbers that can be" '[.usage | del(.max_rss_kb) | .[] | numbers | select(. >= 0)] | length == 8'
holds "a busy command has used a CPU" '.usage.user_ms + .usage.system_ms >= 10'
holds "but not longer than it was there" '.usage.user_ms + .usage.system_ms <= .duration_ms + 20'
answers 200 GET /naps
holds "children that slept are counted, and waited" '.usage.voluntary_switches >= 20'
holds "and used no CPU for it" '.usage.user_ms + .usage.system_ms < .duration_ms'
answers 200 GET /memory
holds "300 MiB were in memory" '.usage.max_rss_kb >= 307200 and .usage.max_rss_kb < 500000'
is "told in this place" "$(jq -c '.usage | keys_unsorted[1:4]' body)" '["system_ms","max_rss_kb","minor_faults"]'
holds "page by page" '.usage.minor_faults >= 300'
for _ in 1 2 3; do
    answers 200 GET /big
done
answers 200 GET /true
holds "memory that was ours is not told as the command's: nothing small is large" '.usage | has("max_rss_kb") | not'
answers 200 GET /memory
[ -n "$SAN" ] || # whose memory is as large
    holds "what is larger still is told" '.usage.max_rss_kb >= 307200 and .usage.max_rss_kb < 500000'
answers 500 GET /exit3
holds "a failure has its cost" '.usage | has("user_ms")'
holds "what is not permitted to know is not there" '.usage | has("delays") | not'
answers 504 GET /slow
holds "so has what was ended" '.usage.voluntary_switches >= 1'
answers 500 GET /none
holds "what never ran has none" 'has("usage") | not'
answers 404 GET /nope
holds "neither has a refusal" 'has("usage") | not'
like "the log has the time on a CPU" "$(grep 'route=/burn' "$LOG")" ' duration_ms=[0-9.]+ cpu_ms=[0-9]{2,}\.?[0-9]*$'

like "check-config says what is in the way of delays" "$("$CMON" check-config -c "$CONF" 2>&1)" \
    'cmon\.conf:8: warning: delays: [a-z]'
is "and warns once" "$("$CMON" check-config -c "$CONF" 2>&1 | grep -c 'warning: delays')" 1
sed -i 's/ delays = yes//' "$CONF"
"$CMON" check-config -c "$CONF" >out 2>err
is "who does not ask is not warned" "$(grep -c delays err)" 0
like "but told as well" "$(grep delays out)" '^delays: not told: [a-z]'
sed '1i delays = no' "$CONF" >off.conf
like "who wants none, whether they could be had" "$("$CMON" check-config -c off.conf 2>&1 | grep delays)" \
    '^delays: off; the kernel would not tell: [a-z]'

"$CMON" run -c "$CONF" --usage /exit3 >out 2>err
is "run --usage ends as the command did" $? 3
is "its output stays clean" "$(cat out)" said
is "the table is on standard error" "$(sed '/^largest in memory/d; s/   *[0-9].*//' err)" "elapsed
user CPU
system CPU
minor page faults
major page faults
voluntary switches
involuntary switches
block device read
block device written
$(tail -1 err)"
like "with units" "$(cat err)" '^elapsed +[0-9]+\.[0-9]{3} ms$'
like "and why there is nothing of delays" "$(tail -1 err)" '^no delays: [a-z]'
"$CMON" run -c "$CONF" --usage --json /exit3 >out 2>err
is "beside --json, too" "$? $(jq -r .exit_code out) $(grep -c '^elapsed' err)" "3 3 1"
"$CMON" run -c "$CONF" --usage /memory >out 2>err
like "the largest in memory, when it was larger than we" "$(sed -n 4p err)" '^largest in memory +[34][0-9]{5} KiB$'
"$CMON" run -c "$CONF" --usage /nope >out 2>err
is "what does not run has no table" "$? $(grep -c elapsed err)" "1 0"
"$CMON" check-config --usage -c "$CONF" >out 2>err
is "--usage is run's alone" $? 2

finish
