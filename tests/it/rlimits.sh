#!/bin/sh
# tests/it/rlimits.sh -- what a command may take is what the configuration says, or it does not start.
limit=120
. "${0%/*}/lib.sh"

[ "$(nice)" = 0 ] || it_skip_all "runs with a nice of its own"

cat >show.sh <<'END'
#!/bin/sh
echo "$(ulimit -Sn) $(ulimit -Hn) $(ulimit -c) $(ulimit -t) $(nice) $(umask) $(ionice | tr -d ' ')"
END
# Goes on until it is killed, on one core with all of its kind.
cat >spin.sh <<END
#!/bin/sh
echo \$\$ >\$1.pid
exec taskset -c $(taskset -cp $$ | sed 's/.*: //; s/[-,].*//') sh -c 'while :; do :; done'
END
chmod +x show.sh spin.sh
conf <<'EOC'
umask = 027
limits { nofile = 90  nice = 2 }
route "/file"  { argv = { "./show.sh" } }
route "/own"   { argv = { "./show.sh" } umask = 077
                 limits { nofile = 80 nice = 7 cpu = 9 ionice = best-effort:6 } }
route "/burn"  { argv = { "sh", "-c", "while :; do :; done" } limits { cpu = 1 } }
route "/fill"  { argv = { "sh", "-c", "trap '' XFSZ; head -c 9000 /dev/zero >filled; stat -c %s filled" }
                 limits { fsize = 4K } }
route "/first" { argv = { "./show.sh" } limits { nice = -1 } }
route "/slow"  { argv = { "./spin.sh", "slow{n}" } limits { nice = 19 }
                 param "n" { type = int } }
route "/fast"  { argv = { "./spin.sh", fast } limits { nice = 0 } }
route "/wish"  { argv = { "./show.sh" } limits { nofile = 1000000 } }
EOC
serve prlimit --nofile=100:100
serve_web

answers 200 GET /file
is "the file's limits" "$(json .data)" "90 90 0 unlimited 2 0027 none:prio0"
answers 200 GET /own
is "the route's, and the file's where it says nothing" "$(json .data)" "80 80 0 9 7 0077 best-effort:prio6"
ask GET /burn
is "too much of the processor" "$(json '"\(.code) \(.signal)"')" "500 24"
ask GET /fill
like "too large a file" "$(json .data)" '^4096$|File too large'
is "is cut" "$(stat -c %s filled)" 4096
answers 500 GET /first
is "a limit that cannot be set is told by its name" "$(json '"\(.message): \(.data)"')" \
    "Command failed: setpriority nice: Permission denied"
answers 500 GET /wish
is "and so is one above what we were given" "$(json '"\(.message): \(.data)"')" \
    "Command failed: setrlimit nofile: Operation not permitted"

# --- nice, against other commands ---------------------------------------------

ticks() { # NAME: time on a CPU
    set -- $(sed 's/.*) //' "/proc/$(cat "$1.pid")/stat")
    echo $((${12} + ${13}))
}

spins() { # NAME
    [ "$(ticks "$1")" -gt 0 ]
}

group_is() { # NAME NICE: that of its session
    grep -q " nice $2\$" "/proc/$(cat "$1.pid")/autogroup"
}

for name in slow1 slow2 slow3; do
    ask_meanwhile $name GET "/slow?n=${name#slow}"
done
ask_meanwhile fast GET /fast
for name in slow1 slow2 slow3 fast; do
    within 20 spins $name || fail "$name spins"
done
if [ -e /proc/self/autogroup ]; then
    for name in slow1 slow2 slow3; do
        ok "nice is that of the session, too, however many come at once: $name" within 8 group_is $name 19
    done
    ok "and of no other" group_is fast 0
else
    skip "nice is that of the session, too" "no autogroups here"
fi
slow=$(ticks slow1)
fast=$(ticks fast)
within 60 eval '[ "$(ticks fast)" -ge $((fast + 100)) ]' || fail "the fast one goes on"
slow=$(($(ticks slow1) - slow))
fast=$(($(ticks fast) - fast))
ok "who is nice gives way to who is not: $slow ticks to $fast" [ $((slow * 4)) -lt "$fast" ]
kill $(cat slow1.pid slow2.pid slow3.pid fast.pid)

# ------------------------------------------------------------------------------

said=$(prlimit --nofile=100:100 "$CMON" check-config -c "$CONF" 2>&1)
like "check-config says with its line which will not hold" "$said" \
    "cmon.conf:11: warning: route /first: limits: nice: -1 is below ours \(0\), and needs CAP_SYS_NICE"
like "and which is above our hard limit" "$said" \
    "cmon.conf:15: warning: route /wish: limits: nofile: is above our hard limit, which is 100, and needs CAP_SYS_RESOURCE"
rows() { # ROUTE
    echo "$said" | sed -n "s,^route $1: ,,p"
}
is "and what holds all others" "$(rows /own | grep -v '^nice')" "nofile 80: held by setrlimit, in each process
cpu 9s: held by setrlimit, in each process
ionice best-effort:6: held by ioprio_set, where the I/O scheduler looks at it"
like "nice by the kernel's groups, too, where it has them" "$(rows /own)" \
    "^nice 7: held by setpriority$([ ! -e /proc/self/autogroup ] || echo ' and an autogroup')\$"
is "a size is told as one" "$(rows /fill | grep fsize)" "fsize 4K: held by setrlimit, in each process"
like "and what is not held is told here, too" "$(rows /first) $(rows /wish)" \
    'nice -1: not held: -1 is below ours.*nofile 1000000: not held: is above our hard limit'
is "and warns of no other" "$(echo "$said" | grep -c 'warning: .*limits:')" 2
like "cmon run tells the same" "$(prlimit --nofile=100:100 "$CMON" run -c "$CONF" /wish 2>&1)" \
    'setrlimit nofile: Operation not permitted'

finish
