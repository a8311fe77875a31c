#!/bin/sh
# tests/it/cli.sh -- the operator's tool: its commands, its words and its exit codes.
. "${0%/*}/lib.sh"

conf <<EOC
route "/echo" {
    method = { GET, POST }
    argv = { "echo", "hello world", "{who}" }
    param "who" { type = text  default = "you" }
}
route "/exit"    { argv = { "sh", "-c", "echo out; echo err >&2; exit \$N" }
    param "n" { type = int  default = "0"  env = "N" } }
route "/kill"    { argv = { "sh", "-c", "kill -\$N \$\$" } param "n" { type = int  env = "N" } }
route "/slow"    { argv = { "sleep", "20" }  timeout = 0.2  grace = 0.2 }
route "/missing" { argv = { "no-such-command" } }
route "/noexec"  { argv = { "./cmon.conf" } }
EOC

cli() { # ARGUMENT...: runs it; sets `out`, `err` and `status`
    "$CMON" "$@" >out 2>err </dev/null
    status=$?
    out=$(cat out)
    err=$(cat err)
}

ends() { # STATUS ARGUMENT...
    it_want=$1
    shift
    cli "$@"
    is "cmon $* ends with $it_want" $status "$it_want"
    [ $status = "$it_want" ] || note "$out $err"
}

ends 0 --version
is "--version" "$out" "cmon 0.1.0"
ends 0 --help
like "--help names every command" "$(echo "$out" | xargs)" 'check-config.*routes.*run.*token'
for words in "" "nonsense" "--nonsense" "run" "run -c" "run -z /x" "token" "token old" "routes x" \
    "check-config x" "-c $CONF"; do
    # shellcheck disable=SC2086
    ends 2 $words
    like "and shows the usage: '$words'" "$err" '[Uu]sage'
done

ends 0 check-config -c "$CONF"
like "check-config warns of a command that is not there" "$err" "cmon\.conf:[0-9]+: warning: .*no-such-command"
ends 1 check-config -c nowhere.conf
CMON_CONF=$CONF
export CMON_CONF
ends 0 check-config
is "CMON_CONF names the configuration" "$(echo "$out" | tail -n 1)" "$CONF: configuration is good"
unset CMON_CONF
mkdir -p home/.config/cmon
cp "$CONF" client_secret.key home/.config/cmon
ends 0 check-config
is "then ~/.config/cmon/cmon.conf" "$(echo "$out" | tail -n 1)" "$HOME/.config/cmon/cmon.conf: configuration is good"
rm home/.config/cmon/cmon.conf

ends 0 run -c "$CONF" /echo
is "run prints what the command said" "$out" "hello world you"
ends 0 run -c "$CONF" '/echo?who=me'
is "a parameter in the query" "$out" "hello world me"
ends 0 run -c "$CONF" -X POST /echo 'who=a b&c'
is "a parameter as a word needs no encoding" "$out" "hello world a b&c"
for n in 0 1 3 77; do
    ends $n run -c "$CONF" /exit n=$n
done
is "output and errors are all there" "$out" "out
err"
ends 137 run -c "$CONF" /kill n=9
ends 143 run -c "$CONF" /kill n=15
ends 124 run -c "$CONF" /slow
ends 127 run -c "$CONF" /missing
like "127 says why" "$err" "no-such-command: not found in PATH"
ends 126 run -c "$CONF" /noexec
ends 1 run -c "$CONF" /nope
like "a refusal has its message" "$err" "Not Found"
ends 1 run -c "$CONF" -X PUT /echo
like "405 has its message" "$err" "Method Not Allowed"
ends 1 run -c "$CONF" /echo nope=1
like "400 names the parameter" "$err" "parameter nope: "
for json in "" --json; do
    ends 1 run -c "$CONF" $json /restart
    is "run $json /restart: nothing of the tool's is to restart" "$out$err" \
        "cmon: nothing to restart here: POST it to the responder, or send that SIGUSR2"
done
ends 0 run -c "$CONF" --json /echo
like "--json prints the answer of the server" "$out" \
    '^\{"status":"ok","code":200,"message":"Command executed","data":"hello world you\\n","exit_code":0,'
ends 3 run -c "$CONF" --json /exit n=3
is "--json of a failure" "$(jq -r .message out)" "Command failed"

# The built-in table, asserted here and nowhere run.
mkdir empty
cp client_secret.key empty
cd empty || exit
ends 0 routes --json
cd ..
cp empty/out routes.json
table() { # METHODS PATH ARGV PARAMETERS DETACH
    is "built in: $1 $2 runs $3" "$(jq -r --arg p "$2" '.[] | select(.path == $p) |
        "\(.methods | sort | join(","))|\(.argv // [.action] | join(" "))|\([.params[] |
        "\(.name) \(.type) \(.default)"] | join(","))|\(.detach)|\(.builtin)"' routes.json)" "$1|$3|$4|$5|true"
}
branch="branch git-branch main"
table GET /health uptime "" false
table GET /logs "journalctl -n 50 --no-pager" "" false
table POST /reboot reboot "" false
table POST /restart restart "" false
table PUT /sync_upstream "git pull --ff-only origin refs/heads/{branch}" "$branch" false
table GET,POST /deploy_branch "./deploy.sh {branch}" "$branch" true
table DELETE /teardown_branch "./teardown.sh {branch}" "$branch" false
is "and no others" "$(jq length routes.json)" 7
is "restart runs nothing" "$(jq -c '.[] | select(.path == "/restart") | .argv' routes.json)" null
is "every route tells its limits" "$(jq '[.[] | select(.timeout_ms > 0 and .output_max > 0 and
    (.workdir | startswith("/")))] | length' routes.json)" 7
ends 0 routes -c "$CONF"
like "routes: a line a route, words quoted that need it" "$out" \
    '^GET,? ?POST +/echo +echo ["'\'']hello world["'\''] \{?'
like "an overridden route is the user's" "$("$CMON" routes -c "$CONF" --json |
    jq -c '.[] | select(.path == "/reboot") | [.methods, .argv, .builtin]')" 'POST.*reboot-recorder'

ends 0 token new fresh.key
is "token new FILE writes a key for us alone" "$(stat -c %a fresh.key) $(grep -cE '^[0-9a-f]{64}$' fresh.key)" "600 1"
cp fresh.key kept.key
ends 1 token new fresh.key
ok "and never over another" cmp fresh.key kept.key
ends 0 token new
like "token new prints one" "$out" '^[0-9a-f]{64}$'
is "every one is new" "$("$CMON" token new | cat - out kept.key | sort -u | wc -l)" 3
ends 1 token new nowhere/x.key

finish
