#!/bin/sh
# tests/it/secrets.sh -- no core, no ptrace, and children that see nothing but what is theirs.
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

finish
