#!/bin/sh
# bench/request/peers/cgi.sh -- a CGI script: checks a token, runs a command, answers something like JSON
#
# Output is not escaped, which a script of this kind seldom does.  BENCH_KEY and
# COMMAND come from the server's configuration.
if [ -z "$BENCH_KEY" ] || [ "$HTTP_ACCESS_TOKEN" != "$BENCH_KEY" ]; then
    printf 'Status: 401\r\nContent-Type: application/json\r\n\r\n{"status":"error","code":401}\n'
    exit
fi
printf 'Status: 200\r\nContent-Type: application/json\r\n\r\n{"status":"ok","data":"'
$COMMAND 2>&1
printf '"}\n'
