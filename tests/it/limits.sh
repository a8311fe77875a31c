#!/bin/sh
# tests/it/limits.sh -- time, output, memory and places have ends, and each end has its answer.
. "${0%/*}/lib.sh"

cat >stubborn.sh <<'END'
#!/bin/sh
trap '' TERM
echo $$ >stubborn.pid
echo deaf
while :; do sleep 0.1; done
END
cat >polite.sh <<'END'
#!/bin/sh
trap 'echo bye; exit 5' TERM
sleep 30 &
echo $! >polite.child
echo hello
wait
END
chmod +x stubborn.sh polite.sh
conf <<'EOC'
max_running = 2
queue = 2
queue_timeout = 1.5
grace = 0.4
body_max = "2K"
route "/stubborn" { argv = { "./stubborn.sh" } timeout = 0.4 }
route "/polite"   { argv = { "./polite.sh" } timeout = 0.4 grace = 3 }
route "/tree"     { argv = { "sh", "-c", "sleep 31 & echo $! >tree.1; setsid sleep 32 & echo $! >tree.2; sleep 33" } timeout = 0.4 }
route "/exact"    { argv = { "head", "-c", "2048", "/dev/zero" } output_max = "2K" }
route "/more"     { argv = { "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; echo >more.done; exit 4" } output_max = "2K" }
route "/left"     { argv = { "sh", "-c", "sleep 34 & echo $! >left.pid; echo bye" } }
route "/holder"   { argv = { "sh", "-c", "sleep 35 & echo $! >holder.pid; echo quick" } detach = yes }
route "/four"     { argv = { "sleep", "4" } }
EOC
serve
serve_web

begin=$(now_ms)
answers 504 GET /polite
took=$(($(now_ms) - begin))
is "SIGTERM first: a last word is in the answer" "$(json .data)" "hello
bye"
is "and its exit code" "$(json .exit_code)" 5
ok "which did not wait for the whole grace ($took ms)" [ $took -lt 2500 ]
ok "what it had started has ended too" within 2 gone "$(cat polite.child)"
begin=$(now_ms)
answers 504 GET /stubborn
took=$(($(now_ms) - begin))
is "SIGKILL after the grace" "$(json '"\(.message), \(.data), \(.signal)"')" "Command timed out, deaf
, 9"
ok "timeout and grace, no more ($took ms)" [ $took -ge 800 -a $took -lt 3000 ]
ok "it is gone" within 2 gone "$(cat stubborn.pid)"
answers 504 GET /tree
for one in tree.1 tree.2; do
    ok "the whole tree is ended: $one" within 2 gone "$(cat $one)"
done

ask GET /exact
is "output that just fits is whole" "$(json '"\(.truncated) \(.data | length)"')" "false 2048"
answers 500 GET /more
is "output over the limit is cut and told" "$(json '"\(.truncated) \(.data | length)"')" "true 2048"
is "the command went on to its end" "$(json .exit_code) $(ls more.done)" "4 more.done"

begin=$(now_ms)
answers 200 GET /left
is "what a command leaves behind is counted" "$(json .leftover)" 1
ok "its pipe holds nobody up" [ $(($(now_ms) - begin)) -lt 2000 ]
ok "and it is ended" within 2 gone "$(cat left.pid)"
begin=$(now_ms)
answers 200 GET /holder
ok "detached, its pipe holds nobody up either" [ $(($(now_ms) - begin)) -lt 2000 ]
ok "but it lives on" kill -0 "$(cat holder.pid)"
kill "$(cat holder.pid)"

# Two run, two wait and have waited long enough one day, the rest comes again.
for i in 1 2 3 4; do
    ask_meanwhile "w$i" GET /four
    eval "p$i=$asked"
done
sleep 1
begin=$(now_ms)
answers 503 GET /four
took=$(($(now_ms) - begin))
is "no place to wait: Busy" "$(json .message)" Busy
like "and when to come again" "$(header retry-after)" '^[1-9][0-9]*$'
ok "told at once ($took ms)" [ $took -lt 900 ]
answers 405 PUT /four
answers 404 GET /nope
answers 200 HEAD /four
wait "$p1" "$p2" "$p3" "$p4"
is "two were served, two had waited longer than queue_timeout" \
    "$(for i in 1 2 3 4; do echo "$(cat w$i.code) $(jq -r .message w$i.body)"; done | sort | uniq -c | xargs)" \
    "2 200 Command executed 2 503 Busy"
like "those too are told when to come again" "$(cat w?.head | grep -ci '^retry-after: [1-9]')" '^2$'
ok "after that time, and not before" eval \
    '[ "$(sed -n "s/.* status=503 why=Busy queued_ms=[0-9.]* duration_ms=\([0-9]*\).*/\1/p" "$LOG" | awk "\$1 >= 1500 && \$1 < 2500" | wc -l)" = 2 ]'

# An arena of 64 KiB: one run of 32 KiB fits, a second one finds it exhausted.
stop
conf <<'EOC'
max_running = 8
output_max = "32K"
arena { chunk = "1K" chunks = 64 }
route "/hold" { argv = { "sh", "-c", "echo held; sleep 1" } }
route "/wide" { argv = { "head", "-c", "30000", "/dev/zero" } output_max = "512K" }
EOC
serve
like "a small arena is told at start" "$(cat "$LOG")" ' WARNING .*arena'
for i in 1 2 3 4 5 6; do
    ask_meanwhile "a$i" GET /hold
    eval "p$i=$asked"
done
wait "$p1" "$p2" "$p3" "$p4" "$p5" "$p6"
note "$(for i in 1 2 3 4 5 6; do echo "$(cat a$i.code) $(jq -r .message a$i.body)"; done | sort | uniq -c | xargs)"
ok "some of six at once get no memory" eval 'cat a?.body | grep -q "arena exhausted"'
ok "and some do" eval 'cat a?.body | grep -q "Command executed"'
for i in 1 2 3 4 5 6; do
    grep -q exhausted "a$i.body" && break
done
is "that is a 503" "$(cat a$i.code)" 503
like "with Retry-After" "$(cat a$i.head)" '^[Rr]etry-[Aa]fter: [1-9]'
ask GET /hold
is "memory comes back" "$code $(json .data)" "200 held"

finish
