#!/bin/sh
# tests/it/secrets.sh -- no core, no ptrace, no token that stays, and children that see nothing but what
# is theirs.
also="tests/it/scan.py"
. "${0%/*}/lib.sh"

conf <<EOC
route "/fds"  { argv = { "ls", "-l", "/proc/self/fd" } }
route "/look" { argv = { "$T/look.sh" } env = { "STAGE=test" } }
route "/env"  { argv = { "env", "-0" } }
EOC
cat >look.sh <<'END'
#!/bin/sh
grep -E '^Sig(Blk|Ign|Cgt)' /proc/$$/status | tr -d '\t'
ps -o pid=,sid=,pgid= -p $$ | awk '{ print ($1 == $2 && $2 == $3) ? "own session" : "shared" }'
[ -t 0 ] || cat
pwd
umask
END
chmod +x look.sh
SECRET_OF_OURS=leaked
GIT_SSH_COMMAND=leaked
LD_LIBRARY_PATH_X=leaked
export SECRET_OF_OURS GIT_SSH_COMMAND LD_LIBRARY_PATH_X
exec 7<key.header 9>/dev/null # spawn-fcgi passes what it has open
serve
exec 7<&- 9>&-
serve_web

# Memory that may not be dumped belongs to root, and nobody else may look.
sealed() {
    [ "$(stat -c %u "/proc/$1/mem")" = 0 ]
}
if [ -n "$SAN" ]; then
    skip "the responder may not be traced or dumped" "LeakSanitizer traces its own process"
else
    ok "the responder may not be traced or dumped" sealed "$pid"
    for file in mem environ maps fd/2; do
        ok "its $file cannot be opened by another process of its user" \
            eval '! cat "/proc/$pid/$file" >/dev/null 2>&1'
    done
fi
grep -qa "$KEY" "/proc/$pid/cmdline" && fail "the key is in the command line" || pass "the key is not in the command line"

ask GET /fds
# ls itself has one more, the directory it reads.
out=$(json .data | sed -n 's/.* \([0-9]*\) -> \(.*\)/\1 \2/p' | grep -v ' /proc/')
is "a command's descriptors are 0, 1 and 2" "$(echo "$out" | sed -n 's/^\([0-9]\) .*/\1/p' | sort -u | xargs)" "0 1 2"
like "nothing is on its standard input" "$out" '^0 /dev/null$'
is "its output is one pipe" "$(echo "$out" | sed -n 's/^[12] pipe://p' | uniq | wc -l)" 1
ask GET /look
out=$(json .data)
like "no signal is blocked" "$out" '^SigBlk:0000000000000000$'
like "nor ignored" "$out" '^SigIgn:0000000000000000$'
like "its session is its own" "$out" '^own session$'

ask GET /env
tr '\0' '\n' <body >/dev/null
vars=$(jq -r '.data' body | tr '\0' '\n' | sed 's/=.*//' | sort | xargs)
is "its environment is built: these variables and no other" "$vars" "CMON_RUN HOME LANG PATH USER"
like "PATH is the fixed one" "$(jq -r .data body | tr '\0' '\n')" \
    '^PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$'
like "LANG is C.UTF-8" "$(jq -r .data body | tr '\0' '\n')" '^LANG=C\.UTF-8$'
is "nothing of our environment is in it" "$(grep -c leaked body)" 0
is "nor the token" "$(grep -ciE "$KEY|token" body)" 0
grep -l "$KEY" ./*.log web/*.log body head "$LOG" 2>/dev/null >leaks
is "the key is in no log and no answer" "$(cat leaks)" ""
like "the key's file is ours alone" "$(stat -c %a client_secret.key)" '^600$'

# A crash leaves no core even where the shell would allow one.
stop
if [ -n "$SAN" ]; then
    skip "a crash leaves no core" "the sanitizer takes the signal"
else
    ulimit -c unlimited 2>/dev/null
    serve
    kill -SEGV "$pid"
    wait "$pid" 2>/dev/null
    pid=
    is "a crash leaves no core" "$(find . -name 'core*' -type f)" ""
fi

echo 'core_dumps = yes' | conf
serve
ok "core_dumps = yes opens it for debugging" eval '! sealed "$pid"'

# Tokens, right and wrong, of requests that were answered and of some that were not.
scan() { # WORD...
    python3 src/tests/it/scan.py "$pid" "$@" >scan.out 2>&1
}
wrong=$(openssl rand -hex 32)
cut=$(openssl rand -hex 32)
if [ -n "$SAN" ]; then
    skip "no token stays in memory" "a sanitizer's shadow is terabytes"
elif scan no-such-word; [ $? -eq 77 ]; then
    skip "no token stays in memory" "$(cat scan.out)"
else
    answers 200 GET /health
    like "a word that is there is found" "$(scan CMON_RUN= && cat scan.out)" '^word 0 in '
    raw begin request:GET:/health key:"$wrong" params params-end stdin-end read >/dev/null
    raw begin request:PUT:/sync_upstream key:"$KEY" params params-end stdin:half reconnect
    raw begin key:"$KEY" key:"$wrong" params params-end stdin-end read >/dev/null
    raw begin request:GET:/health key:"$cut" params record:77 read:1 >/dev/null
    raw begin request:GET:/health key:"$cut" params sleep:0.2 reconnect
    sleep 0.2
    scan "$KEY" "$wrong" "$cut"
    is "no token stays in memory" "$? $(cat scan.out)" "0 "
fi

finish
