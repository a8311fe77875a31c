#!/bin/sh
# tests/it/shared_hosting.sh -- cmon.fcgi in a user's directory, under a real Apache: mod_fcgid, and plain CGI.
limit=90 also="nginx/shared-hosting"
. "${0%/*}/lib.sh"
[ -z "$SAN" ] || it_skip_all "256 MB of address space are not enough for a sanitizer"
modules=/usr/lib/apache2/modules
for file in /usr/sbin/apache2 $modules/mod_fcgid.so $modules/mod_cgid.so; do
    [ -e $file ] || it_skip_all "$file is not installed"
done

# The account of a customer, set up as README.md says.
home=$T/home
site=$home/public_html
account=$home/.config/cmon
mkdir -p "$site/cmon" "$account" "$home/app" "$T/words"
cp cmon "$site/cmon/cmon.fcgi"
cp src/nginx/shared-hosting/.htaccess "$site/cmon/"
ok "the program makes its key" "$site/cmon/cmon.fcgi" token new "$account/client_secret.key"
KEY=$(cat "$account/client_secret.key")
cat >"$account/cmon.conf" <<'EOC'
workdir = "../../app"
route "/reboot" { argv = { "echo", "recorded" } }
route "/limit"  { argv = { "sh", "-c", "ulimit -v" } }
route "/who"    { argv = { "id", "-u" } }
route "/echo"   { method = { GET, POST } argv = { "echo", "{w}" }
    param "w" { type = text  default = "hello" } }
EOC
ok "and finds its configuration good" "$site/cmon/cmon.fcgi" check-config
echo "not for the world" >"$site/cmon/notes.txt"
# What a program without care would be given.
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n$*"\n' >"$site/words.cgi"
chmod 755 "$site/words.cgi"

# Apache as a provider has it, all of it without root and with 256 MB of
# address space for each process.
apache() { # MODULE
    mkdir -p web
    for try in 1 2 3 4 5; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        cat >apache.conf <<EOC
ServerName localhost
ServerRoot $T/web
Listen 127.0.0.1:$port
PidFile $T/web/apache.pid
ErrorLog $T/web/error.log
Mutex file:$T/web default
LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule env_module $modules/mod_env.so
LoadModule mime_module $modules/mod_mime.so
LoadModule rewrite_module $modules/mod_rewrite.so
LoadModule cgid_module $modules/mod_cgid.so
ScriptSock $T/web/cgid.sock
SetEnv HOME $home
TypesConfig /dev/null
DocumentRoot $site
<Directory $site>
    AllowOverride FileInfo Options=ExecCGI,Indexes
    Options +ExecCGI
    AddHandler cgi-script .cgi
    Require all granted
</Directory>
EOC
        [ "$1" = cgid ] || cat >>apache.conf <<EOC
LoadModule fcgid_module $modules/mod_fcgid.so
FcgidIPCDir $T/web/fcgid
FcgidProcessTableFile $T/web/fcgid.table
FcgidInitialEnv HOME $home
EOC
        rm -f web/apache.pid
        # It ends its whole process group, which is not to be ours.
        (ulimit -v 262144 && exec setsid /usr/sbin/apache2 -f "$T/apache.conf" -D FOREGROUND) 2>>web/error.log &
        web=$!
        within 5 apache_is_ready && [ -s web/apache.pid ] && return
    done
    fail "Apache starts ($try tries)" "$(tail -5 web/error.log)"
}

apache_is_ready() {
    [ -s web/apache.pid ] && curl -s -o /dev/null "http://127.0.0.1:$port/" || gone $web
}

get() { # PATH [curl option...]
    path=$1
    shift
    curl -sS -m 20 "$@" "http://127.0.0.1:$port$path"
}

code() { # PATH [curl option...]
    get "$@" -o /dev/null -w '%{http_code}'
}

promises() { # MODULE
    for header in "access_token: $KEY" "Authorization: Bearer $KEY" "X-Access-Token: $KEY"; do
        like "$1: ${header%%:*} is accepted" "$(get /cmon/health -H "$header")" \
            '^\{"status":"ok","code":200,"message":"Command executed","data":"'
        is "$1: ${header%%:*}, wrong: 401" "$(code /cmon/health -H "${header%?}x")" 401
        is "$1: ${header%%:*}, twice: 401" "$(code /cmon/health -H "$header" -H "$header")" 401
    done
    is "$1: two that differ: 401" \
        "$(code /cmon/health -H "access_token: $KEY" -H "X-Access-Token: $(openssl rand -hex 32)")" 401
    like "$1: none: 401" "$(get /cmon/health)" '"code":401,"message":"Authentication Error","data":null'
    token="access_token: $KEY"
    like "$1: 256 MB of address space are enough" "$(get /cmon/limit -H "$token")" '"data":"262144\\n"'
    like "$1: nothing runs as root" "$(get /cmon/who -H "$token")" "\"data\":\"$(id -u)\\\\n\""
    like "$1: parameters arrive" "$(get '/cmon/echo?w=a+b' -H "$token")" '"data":"a b\\n"'
    like "$1: a body is nothing to it" "$(get /cmon/echo -H "$token" --data w=x)" '"data":"hello\\n"'
    ok "$1: and costs nothing of the answer" get /cmon/echo -H "$token" --data w=x
    is "$1: what is not there: 404" "$(code /cmon/nothing -H "$token")" 404
    is "$1: a wrong method: 405" "$(code /cmon/echo -H "$token" -X PUT)" 405
    is "$1: files beside it are not served" "$(code /cmon/notes.txt -H "$token")" 404
    for path in /cmon/health /cmon/cmon.fcgi /cmon/cmon.fcgi/health; do
        answer=$(get "$path?token+new+$T/words/x" -H "$token")
        like "$1: $path?token+new+x is no command" "$answer" '"code":4'
        get "$path?token+new" -H "$token" >>words/answers
    done
    is "$1: no key was made or told" "$(ls words/x 2>/dev/null; grep -cE '[0-9a-f]{64}' words/answers)" 0
}

# --- both ways ----------------------------------------------------------------------

apache fcgid
promises fcgid
stop_web
apache cgid
is "Apache does hand words of a query to a program" "$(get '/words.cgi?token+new+x')" "token new x"
promises cgid

# --- what must not lie where the world reads -----------------------------------

cp "$account/client_secret.key" "$site/cmon/"
sed -i "1i key_file = \"$site/cmon/client_secret.key\"" "$account/cmon.conf"
token="access_token: $KEY"
is "cgid: a key below the document root: 500" "$(code /cmon/health -H "$token")" 500
stop_web
apache fcgid
is "fcgid: the same" "$(code /cmon/health -H "$token")" 500
like "but 401 without the token" "$(get /cmon/health)" '"code":401,"message":"Authentication Error","data":null'
stop_web
sed -i 1d "$account/cmon.conf"
rm "$site/cmon/client_secret.key"
mv "$T/home/.config" "$site/"
home=$site
apache fcgid
like "fcgid: a configuration below it: 500, and why" "$(get /cmon/health -H "$token")" '"code":500,.*document root'
stop_web
apache cgid
like "cgid: the same" "$(get /cmon/health -H "$token")" '"code":500,.*document root'
cd "$T" && finish
