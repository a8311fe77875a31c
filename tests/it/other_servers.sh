#!/bin/sh
# tests/it/other_servers.sh -- cmon behind the other web servers people run, as configured in nginx/.
also=nginx
. "${0%/*}/lib.sh"

conf <<'EOC'
route "/env"  { argv = { "env" } }
route "/post" { method = { POST } argv = { "true" } }
EOC
serve

# Makes a configuration from the shipped one, $1, and what stands around it.
shipped() { # FILE
    sed "s,/run/cmon/cmon.sock,$SOCK,; s,/etc/cmon/,$T/,; s,cmon.example.org {,http://127.0.0.1:$port {," "src/nginx/$1"
}

lighttpd_conf() {
    echo "server.document-root = \"$T/web\""
    echo "server.bind = \"127.0.0.1\""
    echo "server.port = $port"
    shipped lighttpd.conf
}

apache_conf() {
    cat <<EOC
ServerName localhost
ServerRoot $T/web
Listen 127.0.0.1:$port
PidFile $T/web/apache.pid
ErrorLog $T/web/error.log
Mutex file:$T/web default
EOC
    for module in mpm_event authz_core env headers proxy proxy_fcgi setenvif; do
        echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
    done
    shipped apache-proxy-fcgi.conf
}

caddy_conf() {
    printf '{\n\tadmin off\n}\n'
    shipped Caddyfile
}

h2o_conf() {
    shipped h2o.conf | sed "s,port: 443,port: $port,; s,org:443,org:$port,"
}

# Starts the server of that name on a free port; sets URL.
serve_by() { # NAME
    mkdir -p web
    for try in 1 2 3 4 5; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        URL=http://127.0.0.1:$port/cmon
        "$1_conf" >"$1.conf"
        case $1 in
        lighttpd) set -- lighttpd lighttpd -D -f lighttpd.conf ;;
        apache) set -- apache apache2 -f "$T/apache.conf" -D FOREGROUND ;;
        caddy) set -- caddy caddy run --config caddy.conf --adapter caddyfile ;;
        h2o) set -- h2o h2o -c h2o.conf && URL=https://127.0.0.1:$port/cmon ;;
        esac
        name=$1
        shift
        # Apache ends its whole process group, which is not to be ours.
        setsid "$@" >>web/error.log 2>&1 &
        web=$!
        within 5 is_up && ! gone $web && return
        set -- "$name"
    done
    fail "$name starts ($try tries)" "$(tail -5 web/error.log)"
    return 1
}

is_up() {
    curl -sk -m 2 -o /dev/null "$URL/" || gone $web
}

get() { # PATH [curl option...]
    path=$1
    shift
    curl -sk --http1.1 -m 20 "$@" "$URL$path"
}

code() {
    get "$@" -o /dev/null -w '%{http_code}'
}

promises() { # NAME
    for header in "access_token: $KEY" "Authorization: Bearer $KEY" "X-Access-Token: $KEY"; do
        like "$1: ${header%%:*} is accepted" "$(get /health -H "$header")" '^\{"status":"ok","code":200,'
        is "$1: ${header%%:*}, wrong: 401" "$(code /health -H "${header%?}x")" 401
        is "$1: ${header%%:*}, twice: 401" "$(code /health -H "$header" -H "$header")" 401
    done
    token="access_token: $KEY"
    like "$1: errors are cmon's own" "$(get /health)" '"code":401,"message":"Authentication Error","data":null'
    like "$1: the type is told" "$(get /health -H "$token" -o /dev/null -D -)" '^[Cc]ontent-[Tt]ype: application/json'
    like "$1: parameters arrive" "$(get '/sync_upstream?branch=--x' -X PUT -H "$token")" '"code":400,"message":"parameter branch'
    for path in /none /x/health /health/ /HEALTH; do
        is "$1: $path: 404" "$(code $path -H "$token")" 404
    done
    URL=${URL%/cmon}
    is "$1: a path that only begins like ours is not ours" "$(get /cmonitor/health -H "$token" | grep -c '"code"')" 0
    URL=$URL/cmon
    # The answer comes before the body goes: else closing may overtake it.
    is "$1: a large body: 413" "$(head -c 200000 /dev/zero | code /post -H "$token" \
        -H "Expect: 100-continue" --expect100-timeout 5 --data-binary @-)" 413
    like "$1: one above cmon's limit only: cmon's own 413" "$(head -c 65537 /dev/zero | get /post -H "$token" \
        --data-binary @-)" '"code":413,"message":"Request body too large"'
    like "$1: one that fits is taken" "$(head -c 65536 /dev/zero | get /post -H "$token" \
        --data-binary @-)" '"code":200'
    is "$1: Proxy: is nobody's environment" "$(get /env -H "$token" -H "Proxy: http://127.0.0.1:1/" | grep -ci proxy)" 0
}

for server in lighttpd apache caddy h2o; do
    program=$server
    [ $server != apache ] || program=apache2
    if ! command -v $program >/dev/null; then
        skip "$server serves" "$program is not installed"
        continue
    fi
    if [ $server = h2o ]; then
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
            -subj /CN=localhost -keyout tls.key -out tls.crt 2>/dev/null
    fi
    serve_by $server && promises $server
    stop_web
done
finish
