#!/bin/sh
# tests/it/auth.sh -- no answer without the key, and the same 401 for every way to lack it.
. "${0%/*}/lib.sh"

conf <<EOC
body_max = "1K"
route "/canary" { argv = { "sh", "-c", "echo ran >>$T/ran" } method = { GET, POST, PUT, DELETE } }
EOC
serve
serve_web
other=$(openssl rand -hex 32)

# The one answer, to compare all others with.
same401() { # WHY METHOD PATH [curl option...]
    it_why=$1
    shift
    ask_bare "$@"
    tr -d '\r' <head | grep -vi '^date:' >head.now
    if [ ! -e head.401 ]; then
        cp head.now head.401
        cp body body.401
    fi
    [ "$1" != HEAD ] || cp body.401 body
    ok "$it_why ($1 $2): the same 401" eval 'cmp body body.401 && diff head.now head.401'
}

same401 "no token" GET /canary
is "its status" "$code" 401
is "its body" "$(cat body)" \
    '{"status":"error","code":401,"message":"Authentication Error","data":null}'
is "it says how to authenticate" "$(header www-authenticate)" 'Bearer realm="cmon"'
is "it is not cached" "$(header cache-control)" no-store
is "it is JSON" "$(header content-type)" application/json
is "its length is told" "$(header content-length)" "$(wc -c <body)"

while IFS='|' read -r why token; do
    same401 "$why" GET /canary -H "access_token: $token"
    same401 "$why, as X-Access-Token" GET /canary -H "X-Access-Token: $token"
    same401 "$why, as Bearer" GET /canary -H "Authorization: Bearer $token"
done <<EOF2
wrong key|$other
last digit wrong|${KEY%?}$(printf %s "${KEY#"${KEY%?}"}" | tr 0-9a-f 1-9a-f0)
one digit short|${KEY%?}
one digit long|${KEY}0
not hexadecimal|${KEY%?}g
the key twice|$KEY$KEY
the key, comma, the key|$KEY, $KEY
a word|x
EOF2

same401 "empty access_token" GET /canary -H "access_token;"
same401 "empty Authorization" GET /canary -H "Authorization;"
same401 "Bearer without a token" GET /canary -H "Authorization: Bearer"
same401 "another scheme" GET /canary -H "Authorization: Basic $KEY"
same401 "the key without a scheme" GET /canary -H "Authorization: $KEY"
same401 "spaces inside" GET /canary -H "access_token: ${KEY%????} ${KEY#????????}"
same401 "a byte above ASCII" GET /canary -H "access_token: ${KEY%?}$(printf '\200')"
same401 "a control character" GET /canary -H "access_token: ${KEY%?}$(printf '\001')"
same401 "in the query" GET "/canary?access_token=$KEY"
same401 "as a cookie" GET /canary -H "Cookie: access_token=$KEY"

right="access_token: $KEY"
same401 "the key's header twice" GET /canary -H "$right" -H "$right"
same401 "right then wrong" GET /canary -H "$right" -H "access_token: $other"
same401 "wrong then right" GET /canary -H "access_token: $other" -H "$right"
same401 "right beside a wrong Bearer" GET /canary -H "$right" -H "Authorization: Bearer $other"
same401 "right beside a wrong X-Access-Token" GET /canary -H "$right" -H "X-Access-Token: $other"
same401 "right Bearer beside a wrong access_token" GET /canary \
    -H "Authorization: Bearer $KEY" -H "access_token: $other"
same401 "right beside an empty X-Access-Token" GET /canary -H "$right" -H "X-Access-Token;"

head -c 2000 /dev/zero >big
for method in GET POST PUT DELETE PATCH OPTIONS HEAD BREW; do
    for path in /canary /health /reboot /restart /nope / //canary '/health?x=1' \
        '/sync_upstream?branch=--'; do
        same401 "no token" $method "$path"
    done
    same401 "wrong key" $method /canary -H "access_token: $other"
    [ $method = HEAD ] || same401 "no token, a body too large" $method /canary --data-binary @big
done
ok "no restart was begun: the process is still the first one" kill -0 "$pid"
is "nothing has run" "$(cat ran 2>/dev/null)" ""

accepted() { # WHY [curl option...]
    it_why=$1
    shift
    ask_bare GET /canary "$@"
    is "$it_why: accepted" "$code" 200
}

accepted "access_token" -H "$right"
accepted "X-Access-Token" -H "X-Access-Token: $KEY"
accepted "Authorization: Bearer" -H "Authorization: Bearer $KEY"
accepted "digits in upper case" -H "access_token: $(echo "$KEY" | tr a-f A-F)"
accepted "all three, all right" -H "$right" -H "X-Access-Token: $KEY" -H "Authorization: Bearer $KEY"
accepted "the key beside another scheme" -H "$right" -H "Authorization: Basic dTpw"

# A key where the web server hands it out: its holder is told, and nobody else.
exposed="pair:DOCUMENT_ROOT=$T"
for request in GET:/canary POST:/nope BREW:/restart; do
    is "a key below the document root, no token ($request): the same 401" \
        "$(raw begin request:$request "$exposed" params params-end stdin-end read)" \
        "$(raw begin request:GET:/canary params params-end stdin-end read)"
done
like "why is in the log, as an ERROR" "$(grep -F uri=/nope "$LOG" | tail -1)" \
    ' ERROR refused .* status=401 why="the key or the configuration lies under the document root'
before=$(wc -l <ran)
for request in GET:/canary POST:/nope BREW:/restart; do
    like "with the token ($request): 500 and why" \
        "$(raw begin request:$request key "$exposed" params params-end stdin-end read)" \
        '"code":500,"message":"the key or the configuration lies under the document root; move it"'
done
like "an ERROR, too" "$(grep -F uri=/nope "$LOG" | tail -1)" ' ERROR request .* status=500 why="the key'
is "and nothing runs" "$(wc -l <ran)" "$before"

# What Apache makes of the names after a rewrite, straight at the socket.
for name in HTTP_ACCESS_TOKEN HTTP_X_ACCESS_TOKEN REDIRECT_HTTP_ACCESS_TOKEN \
    REDIRECT_HTTP_X_ACCESS_TOKEN; do
    like "$name is read" \
        "$(raw begin request:GET:/canary "pair:$name=$KEY" params params-end stdin-end read)" '^Status: 200'
done
for name in HTTP_AUTHORIZATION REDIRECT_HTTP_AUTHORIZATION; do
    like "$name is read" \
        "$(raw begin request:GET:/canary "pair:$name=Bearer $KEY" params params-end stdin-end read)" \
        '^Status: 200'
done
for name in "HTTP_ACCESS_TOKEN=" "HTTP_AUTHORIZATION=Bearer "; do # nginx refuses the second itself
    like "${name%%=*} twice: 401" "$(raw begin request:GET:/canary "pair:$name$KEY" "pair:$name$KEY" \
        params params-end stdin-end read)" '^Status: 401'
done
for name in access_token HTTP_ACCESS_TOKEN_ XHTTP_ACCESS_TOKEN http_access_token; do
    like "$name is not" \
        "$(raw begin request:GET:/canary "pair:$name=$KEY" params params-end stdin-end read)" '^Status: 401'
done

finish
