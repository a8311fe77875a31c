#!/bin/sh
# tests/it/api.sh -- every row of the API and every status code, as a client sees them.
. "${0%/*}/lib.sh"

# Stand-ins that say how they were called, first on the commands' PATH: so the
# built-in argv is what runs, and nothing of the machine does.
for name in uptime journalctl git deploy.sh teardown.sh; do
    cat >"bin/$name" <<-'END'
	#!/bin/sh
	printf '%s' "${0##*/}"
	[ $# -eq 0 ] || printf ' [%s]' "$@"
	echo
	END
    chmod +x "bin/$name"
done
printf 'not a program' >bin/garbage
cat >bin/bytes <<'END'
#!/bin/sh
printf 'a\000\001\033\177\377\342\200\250"\\\t\303\244'
END
chmod +x bin/garbage bin/bytes
printf '#!/bin/sh\n' >bin/noexec
conf <<EOC
path = "$T/bin:/usr/bin:/bin"
workdir = "bin"
route "/mixed"   { argv = { "sh", "-c", "echo one; echo two >&2; echo three" } }
route "/exit3"   { argv = { "sh", "-c", "echo said; exit 3" } }
route "/killed"  { argv = { "sh", "-c", "echo said; kill -9 \$\$" } }
route "/missing" { argv = { "no-such-command" } }
route "/noexec"  { argv = { "./noexec" } }
route "/garbage" { argv = { "./garbage" } }
route "/nodir"   { argv = { "true" } workdir = "$T/gone" }
route "/slow"    { argv = { "sh", "-c", "echo so far; sleep 20" } timeout = 0.3 }
route "/bytes"   { argv = { "./bytes" } }
route "/patch"   { argv = { "true" } method = { PATCH } }
EOC
serve
serve_web

runs() { # METHOD PATH DATA
    ask "$1" "$2"
    is "$1 $2 runs $3" "$code $(json '.status + " " + .message + ": " + .data')" "200 ok Command executed: $3"
}

runs GET /health uptime
runs GET /logs 'journalctl [-n] [50] [--no-pager]'
runs POST /reboot recorded
runs PUT /sync_upstream 'git [pull] [--ff-only] [origin] [refs/heads/main]'
runs PUT '/sync_upstream?branch=topic/a-1.2_b' 'git [pull] [--ff-only] [origin] [refs/heads/topic/a-1.2_b]'
runs PUT '/sync_upstream?branch=a%2Fb' 'git [pull] [--ff-only] [origin] [refs/heads/a/b]'
runs GET /deploy_branch 'deploy.sh [main]'
runs POST '/deploy_branch?branch=v1' 'deploy.sh [v1]'
runs DELETE '/teardown_branch?branch=v1' 'teardown.sh [v1]'
is "the real reboot has a recorder in its place" "$(cat rebooted)" "$T/bin/reboot-recorder "

ask GET /mixed
is "stdout and stderr keep their order" "$(json .data)" "one
two
three"
is "the keys of an answer stand in their order" "$(jq -c keys_unsorted body)" \
    '["status","code","message","data","exit_code","duration_ms","truncated","queued_ms","usage"]'
like "an answer is the documented JSON" "$(cat body)" \
    '^\{"status":"ok","code":200,"message":"Command executed","data":"one\\ntwo\\nthree\\n","exit_code":0,"duration_ms":[0-9]+(\.[0-9]+)?,"truncated":false,"queued_ms":0,"usage":\{("[a-z_]+":[0-9]+(\.[0-9]+)?,?){8,9}\}\}$'
is "Content-Type is JSON" "$(header content-type)" application/json
is "Content-Length is that of the body" "$(header content-length)" "$(wc -c <body)"
is "nothing may be cached" "$(header cache-control)" no-store
ask GET /bytes
like "bytes that are not text come as U+FFFD, controls escaped" "$(cat body)" \
    '"data":"a\\u0000\\u0001\\u001b\\u007f(�|\\ufffd)\\u2028\\"\\\\\\t(ä|\\u00e4)"'
ok "an answer is ASCII or well-formed UTF-8 for a strict parser" \
    python3 -c 'import json; json.loads(open("body", "rb").read().decode("utf-8"))'

fails() { # CODE METHOD PATH MESSAGE DATA-ERE
    answers "$1" "$2" "$3"
    is "$2 $3: its message" "$(json .message)" "$4"
    like "$2 $3: its data" "$(json .data)" "$5"
    is "$2 $3: status and code" "$(json '.status + " \(.code)"')" "error $1"
}

fails 400 PUT '/sync_upstream?branch=a..b' "parameter branch: must not contain '..'" '^null$'
answers 400 GET '/health?x=1'
like "an unknown parameter is named" "$(json .message)" '^parameter x: '
answers 400 PUT '/sync_upstream?branch=a&branch=a'
like "a repeated parameter is named" "$(json .message)" '^parameter branch: '
fails 404 GET /nope "Not Found" '^null$'
fails 405 PUT /health "Method Not Allowed" '^null$'
is "405 says what is allowed" "$(header allow)" "GET, HEAD, OPTIONS"
answers 405 GET /patch
is "405 knows PATCH" "$(header allow)" "PATCH, OPTIONS"
answers 405 BREW /health
head -c 65537 /dev/zero >big # and not more than nginx lets through
answers 413 POST /reboot --data-binary @big
is "413: its message" "$(json .message)" "Request body too large"
is "413: it is JSON" "$(header content-type)" application/json
is "the refused body ran nothing" "$(wc -l <rebooted)" 1
head -c 65536 /dev/zero >fits
answers 200 POST /reboot --data-binary @fits
answers 200 POST /reboot --data-binary @fits -H 'Transfer-Encoding: chunked'
fails 500 GET /exit3 "Command failed" '^said$'
is "its exit code is told" "$(jq -c keys_unsorted body) $(json .exit_code)" \
    '["status","code","message","data","exit_code","duration_ms","truncated","queued_ms","usage"] 3'
fails 500 GET /killed "Command failed" '^said$'
is "its signal is told" "$(jq -c keys_unsorted body) $(json .signal)" \
    '["status","code","message","data","signal","duration_ms","truncated","queued_ms","usage"] 9'
fails 500 GET /missing "Command failed" '^no-such-command: not found in PATH '
is "what never ran has no exit code" "$(json 'has("exit_code") or has("signal")')" false
fails 500 GET /noexec "Command failed" '^exec ./noexec: Permission denied$'
fails 500 GET /garbage "Command failed" '^exec ./garbage: Exec format error$'
fails 500 GET /nodir "Command failed" "^chdir $T/gone: No such file or directory\$"
fails 504 GET /slow "Command timed out" '^so far$'

sorted() { # COMMA-SEPARATED WORDS
    echo "$1" | tr -d ' ' | tr ',' '\n' | sort | xargs
}

rm -f rebooted
answers 200 HEAD /health
is "HEAD has no body" "$(raw good:HEAD:/health read | sed '1,/^$/d')" "
[end]"
answers 400 HEAD '/health?x=1'
answers 404 HEAD /nope
answers 405 HEAD /reboot
ask HEAD /slow
is "HEAD runs nothing" "$code $(ls rebooted 2>/dev/null)" "200 "
for row in "/health GET, HEAD, OPTIONS" "/reboot POST, OPTIONS" "/sync_upstream PUT, OPTIONS" \
    "/deploy_branch GET, POST, HEAD, OPTIONS" "/teardown_branch DELETE, OPTIONS"; do
    answers 204 OPTIONS "${row%% *}"
    is "OPTIONS ${row%% *}: Allow" "$(sorted "$(header allow)")" "$(sorted "${row#* }")"
    is "OPTIONS ${row%% *}: no body" "$(wc -c <body)" 0
done
answers 404 OPTIONS /nope

finish
