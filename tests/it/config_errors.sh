#!/bin/sh
# tests/it/config_errors.sh -- every mistake in a configuration is told with file:line, and none is served.
. "${0%/*}/lib.sh"

check() { # sets `said` and `status` of check-config
    said=$("$CMON" check-config -c "$CONF" 2>&1)
    status=$?
}

put() { # the text is the head of the file, so that its lines are the file's
    {
        cat
        echo 'key_file = "client_secret.key"'
        echo "route \"/reboot\" { argv = { \"$T/bin/reboot-recorder\" } }"
    } >"$CONF"
}

wrong() { # WHY LINE ERE TEXT
    printf '%s\n' "$4" | put
    check
    like "$1: exit 1, the line, and why" "$status $(echo "$said" | grep ': error: ')" \
        "(^1 |^).*cmon\\.conf:$2: error: .*$3"
    [ $status -eq 1 ] || fail "$1: exit status" "$status"
}

conf </dev/null
check
is "a good one says so" "$status $(echo "$said" | grep -v ^delays:)" "0 $CONF: configuration is good"

wrong "an unknown setting" 1 "no_such" 'no_such = 1'
wrong "a value of the wrong type" 1 "max_running" 'max_running = many'
wrong "no closing brace" '[123]' "." 'route "/x" { argv = { "true" }'
wrong "no closing quote" '[123]' "." 'workdir = "x'
while IFS='|' read -r name values; do
    for value in $values; do
        wrong "$name = $value" 1 "$name" "$name = $value"
    done
done <<'END'
max_running|0 -1 4097
queue|-1 65537
max_connections|0 65537
timeout|0 -1 "1x" "" "abc" "1e400"
queue_timeout|-1 "x"
grace|-1 "5y"
request_timeout|0 "x"
drain_timeout|-1 "x"
output_max|"0" "1023" "2G" "1X" "x" ""
body_max|"-1" "1X"
mount|"cmon" "/cmon/" "/a//b" "/a/../b"
restart|maybe
builtin_routes|perhaps
core_dumps|2
END
wrong "arena chunk too small" 1 chunk 'arena { chunk = "256" }'
wrong "arena chunk too large" 1 chunk 'arena { chunk = "8M" }'
wrong "arena chunk no power of two" 1 chunk 'arena { chunk = "1000" }'
wrong "arena chunks out of range" 1 chunks 'arena { chunks = 1000001 }'
wrong "a log that goes nowhere it knows" 1 "." 'log { file = "x" }'
wrong "an environment entry without a name" 1 env 'env = { "=x" }'
wrong "an environment entry without =" 1 env 'env = { "NAME" }'
wrong "the same route twice" 2 /x 'route "/x" { argv = { "true" } }
route "/x" { argv = { "true" } }'

in_route() { # WHY LINE ERE TEXT: inside a route; its first line is line 2
    wrong "$1" "$2" "$3" "route \"/x\" {
$4
}"
}

in_route "a route without argv" '[1-3]' argv 'method = { GET }'
in_route "an empty argv" '[1-3]' argv 'argv = { }'
in_route "an empty command" '[1-3]' . 'argv = { "" }'
in_route "an unknown method" 2 BREW 'method = { BREW } argv = { "true" }'
in_route "HEAD is ours" 2 HEAD 'method = { HEAD } argv = { "true" }'
in_route "OPTIONS is ours" 2 OPTIONS 'method = { OPTIONS } argv = { "true" }'
in_route "no method" '[1-3]' method 'method = { } argv = { "true" }'
in_route "a timeout of nothing" 2 timeout 'timeout = 0 argv = { "true" }'
in_route "an output_max too large" 2 output_max 'output_max = "2G" argv = { "true" }'
in_route "an unknown setting of a route" 2 colour 'colour = red'
in_route "a parameter that is used nowhere" '[2-3]' a 'argv = { "true" } param "a" { type = bool }'
in_route "a placeholder without a parameter" '[1-3]' a 'argv = { "echo", "{a}" }'
in_route "a brace that is not closed" '[1-3]' . 'argv = { "echo", "{a" }'
in_route "a brace that is not opened" '[1-3]' . 'argv = { "echo", "a}" }'
in_route "a placeholder as the command" '[1-3]' . 'argv = { "{a}" } param "a" { type = bool }'

in_param() { # WHY ERE NAME TEXT
    wrong "$1" '[1-4]' "$2" "route \"/x\" { argv = { \"echo\", \"{$3}\" }
param \"$3\" {
$4
} }"
}

in_param "a parameter without a type" type a 'default = "x"'
in_param "an unknown type" type a 'type = float'
in_param "a name of ours" _a _a 'type = bool'
in_param "a name in upper case" A A 'type = bool'
in_param "a name that begins with a digit" 1a 1a 'type = bool'
in_param "min above max" . a 'type = int min = 3 max = 2'
in_param "a default out of range" default a 'type = int min = 3 max = 9 default = "2"'
in_param "a default that is no number" default a 'type = int default = "x"'
in_param "an enum without values" values a 'type = enum'
in_param "a default that is no value of the enum" default a 'type = enum values = { a } default = "b"'
in_param "a default that is no branch" default a 'type = git-branch default = "-x"'
in_param "a default that is no bool" default a 'type = bool default = "x"'
in_param "a path without a root" root a 'type = path'
in_param "a pattern that does not compile" pattern a 'type = text pattern = "(" '
in_param "a default that its pattern refuses" default a 'type = text pattern = "[a-z]+" default = "X"'
in_param "a max_len of nothing" max_len a 'type = text max_len = 0'
in_param "a variable that is no name" env a 'type = bool env = "1X"'
in_param "values where they mean nothing" values a 'type = int values = { a }'
wrong "the same parameter twice" '[12]' a 'route "/x" { argv = { "echo", "{a}" } param "a" { type = bool }
param "a" { type = bool } }'
wrong "a path without a slash" 1 . 'route "x" { argv = { "true" } }'
wrong "an empty path" 1 . 'route "" { argv = { "true" } }'
wrong "a path with a query" 1 . 'route "/x?y" { argv = { "true" } }'

put <<'END'
max_running = 0
queue = -1
route "/x" { method = { BREW } argv = { "true" } }
END
check
is "all mistakes are told, not just the first" \
    "$(echo "$said" | sed -n 's/.*cmon\.conf:\([0-9]*\): error: .*/\1/p' | sort -u | xargs)" "1 2 3"

is "and then that is all" "$(echo "$said" | grep -c 'was read')" 0
put <<'END'
max_running = 0
queue 8
route "/x" { method = { BREW } argv = { "true" } }
END
check
is "a mistake of syntax ends the reading" "$(echo "$said" | sed -n 's/.*cmon\.conf:\([0-9]*\): error: .*/\1/p' | xargs)" 2
like "and the last line says so" "$(echo "$said" | tail -1)" "cmon\\.conf: warning: nothing after line 2 was read, and options were not judged"
put <<'END'
max_running = 0
workdir = "x
END
check
like "so does a string that never ends" "$(echo "$said" | tail -1)" "cmon\\.conf: warning: options were not judged yet"

# The file and the key themselves.
bad() { # WHY ERE
    check
    like "$1" "$status $said" "^1 .*$2"
}

conf </dev/null
chmod g+w "$CONF" && bad "a file its group may write" 'cmon\.conf.*writ' && chmod g-w "$CONF"
chmod o+w "$CONF" && bad "a file others may write" 'cmon\.conf.*writ' && chmod o-w "$CONF"
chmod g+r client_secret.key && bad "a key its group may read" 'client_secret\.key.*' && chmod 600 client_secret.key
mv client_secret.key real.key
bad "no key file" 'client_secret\.key.*No such file'
ln -s real.key client_secret.key && bad "a key that is a symbolic link" 'client_secret\.key'
rm client_secret.key && mkfifo -m 600 client_secret.key && bad "a key that is a pipe" 'client_secret\.key'
rm client_secret.key && mkdir -m 700 client_secret.key && bad "a key that is a directory" 'client_secret\.key'
rmdir client_secret.key
for key in "" "${KEY%?}" "${KEY}0" "$KEY
" "${KEY%?}g" " $KEY"; do
    (umask 077 && printf '%s\n' "$key" >client_secret.key)
    bad "a key file of $(wc -c <client_secret.key) bytes that is no key" 'client_secret\.key'
done
like "and never is a key in a message" "$(echo "$said" | grep -c "$KEY")" '^0$'
(umask 077 && printf '%s' "$KEY" >client_secret.key)
check
is "a key without a newline is good" $status 0

# The server refuses to start on any of it.
echo 'max_running = 0' | put
spawn-fcgi -n -s "$SOCK" -M 0600 -- "$CMON" -c "$CONF" >"$LOG" 2>&1
is "the server refuses to start" $? 1
like "and says where the mistake is" "$(cat "$LOG")" 'cmon\.conf:1: (error: )?max_running'
chmod 644 client_secret.key
conf </dev/null
spawn-fcgi -n -s "$SOCK" -M 0600 -- "$CMON" -c "$CONF" >"$LOG" 2>&1
is "nor does it start with a key that others can read" $? 1
spawn-fcgi -n -s "$SOCK" -M 0600 -- "$CMON" -c nowhere.conf >"$LOG" 2>&1
is "nor without the file it was given" $? 1

finish
