# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/webhook.sh -- adnanh/webhook behind nginx, with its header match rule.

webhook_packages() {
    echo webhook
}

webhook_version() {
    webhook -version | sed 's/ version//; s/$/ behind nginx, kept connections, trigger rule on a header/'
}

webhook_http() {
    proxy_kept webhook
}

webhook_location() {
    proxy_location webhook
}

webhook_hooks() {
    local case comma='' words word arguments
    echo '['
    for case in $cases; do
        read -ra words <<<"$(program "$case")"
        arguments=
        for word in "${words[@]:1}"; do
            arguments="$arguments${arguments:+, }{ \"source\": \"string\", \"name\": \"$word\" }"
        done
        cat <<END
$comma{ "id": "$case", "execute-command": "${words[0]}",
  "pass-arguments-to-command": [$arguments],
  "include-command-output-in-response": true,
  "include-command-output-in-response-on-error": true,
  "trigger-rule": { "match": { "type": "value", "value": "$key",
    "parameter": { "source": "header", "name": "access_token" } } },
  "trigger-rule-mismatch-http-response-code": 401 }
END
        comma=', '
    done
    echo ']'
}

webhook_start() {
    (umask 077 && webhook_hooks >"$tmp/hooks.json")
    stage_run webhook webhook -hooks "$tmp/hooks.json" -ip 127.0.0.1 -port "${ports[webhook]}" \
        -urlprefix webhook
}
