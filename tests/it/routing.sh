#!/bin/sh
# tests/it/routing.sh -- a path is found whole, below a prefix that was told, and never by its tail.
. "${0%/*}/lib.sh"

conf <<'EOC'
route "/here"      { argv = { "echo", "here" } }
route "/here/deep" { argv = { "echo", "deep" } }
EOC
serve
serve_web "
    include fastcgi_params;
    location ~ ^ { fastcgi_pass unix:$SOCK; }
    location ^~ /told/ { include fastcgi_params; fastcgi_param CMON_PREFIX /told;
        fastcgi_pass unix:$SOCK; }
    location ^~ /split/ { include fastcgi_params; fastcgi_split_path_info ^(/split)(/.*)\$;
        fastcgi_param CMON_PREFIX /split; fastcgi_param PATH_INFO \$fastcgi_path_info;
        fastcgi_pass unix:$SOCK; }
"

answers 200 GET /here
is "the route below another is its own" "$(ask GET /here/deep && json .data)" deep
for path in / // //here /here/ /here// /HERE /hereX /her /x/here /here/nope /./here /here%00 \
    '/here;x' '/here%3Fx' /health/here /cmon/here; do
    ask GET "$path"
    case $path in
    //here | /here// | /./here) # nginx hands on what its merge_slashes and normalising leave
        like "GET $path is here only when nginx has normalised it" "$code" '^(200|404)$' ;;
    /here%00) like "GET $path is nobody's" "$code" '^40[04]$' ;;
    *) is "GET $path is nobody's" "$code" 404 ;;
    esac
done
answers 200 GET /told/here
answers 404 GET /told/told/here
answers 404 GET /told/x/here
answers 404 GET /told/
answers 404 GET /untold/here
answers 200 GET /split/here
answers 404 GET /split/x/here
is "an encoded path is decoded by the web server once" "$(ask GET /%68ere && json .data)" here
answers 404 GET /%2568ere

# By the parameters alone, as other servers set them.
routed() { # CODE WHY PAIR...
    it_want=$1 it_why=$2
    shift 2
    it_words=
    for it_pair in "$@"; do it_words="$it_words pair:$it_pair"; done
    # shellcheck disable=SC2086
    like "$it_why: $it_want" "$(raw begin pair:REQUEST_METHOD=GET key $it_words \
        params params-end stdin-end read 2>&1)" "^Status: $it_want"
}

routed 200 "SCRIPT_NAME alone" SCRIPT_NAME=/here
routed 200 "PATH_INFO alone" PATH_INFO=/here
routed 200 "DOCUMENT_URI alone" DOCUMENT_URI=/here
routed 200 "PATH_INFO wins over SCRIPT_NAME" PATH_INFO=/here SCRIPT_NAME=/cgi-bin/cmon.fcgi
routed 404 "PATH_INFO wins, even when it is nobody's" PATH_INFO=/nope SCRIPT_NAME=/here
routed 200 "an empty PATH_INFO counts as none" PATH_INFO= SCRIPT_NAME=/here
routed 200 "SCRIPT_NAME wins over DOCUMENT_URI" SCRIPT_NAME=/here DOCUMENT_URI=/nope
routed 404 "REQUEST_URI routes nothing" REQUEST_URI=/here
routed 404 "no path at all" QUERY_STRING=
routed 404 "a path without a slash" SCRIPT_NAME=here
routed 200 "CMON_PREFIX, whole path in SCRIPT_NAME" CMON_PREFIX=/p SCRIPT_NAME=/p/here
routed 200 "CMON_PREFIX, whole path in PATH_INFO" CMON_PREFIX=/p PATH_INFO=/p/here
routed 200 "CMON_PREFIX split between the two" CMON_PREFIX=/p SCRIPT_NAME=/p PATH_INFO=/here
routed 404 "below a prefix only" CMON_PREFIX=/p SCRIPT_NAME=/here
routed 404 "a prefix is whole words" CMON_PREFIX=/p SCRIPT_NAME=/phere
routed 404 "a prefix is not found inside" CMON_PREFIX=/p SCRIPT_NAME=/x/p/here
routed 404 "a prefix is stripped once" CMON_PREFIX=/p SCRIPT_NAME=/p/p/here
routed 404 "the prefix itself is no route" CMON_PREFIX=/p SCRIPT_NAME=/p
routed 200 "a prefix of two levels" CMON_PREFIX=/a/b SCRIPT_NAME=/a/b/here
routed 200 "an empty prefix is the root" CMON_PREFIX= SCRIPT_NAME=/here
routed 404 "a client's header is no prefix" HTTP_CMON_PREFIX=/p SCRIPT_NAME=/p/here
stop

conf <<'EOC'
mount = "/m"
route "/here" { argv = { "echo", "here" } }
EOC
serve
answers 200 GET /m/here
answers 404 GET /here
answers 404 GET /m/m/here
answers 404 GET /mhere
answers 404 GET /x/m/here
answers 404 GET /m
answers 404 GET /m/
is "below a mount the path of a 405 is known too" "$(ask POST /m/here && echo "$code")" 405
ask_bare GET /here
is "without the key every path is the same" "$code" 401
routed 200 "mount split between SCRIPT_NAME and PATH_INFO" SCRIPT_NAME=/m PATH_INFO=/here
like "the log has the whole uri and the route" "$(grep 'uri=/m/here ' "$LOG")" 'route=/here '

finish
