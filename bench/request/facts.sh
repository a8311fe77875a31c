# shellcheck shell=bash disable=SC2154 # what run-request and stage.sh set
# bench/request/facts.sh -- what machine, what versions, for run-request.

# Lines "NAME: text" for the head of the report.
note_facts() {
    local peer
    note_machine
    echo "web server: $(nginx -v 2>&1 | sed 's/.*: //'), $(spawn-fcgi -v | sed 's/ (.*//;q')"
    note_compiler
    for peer in $peers; do
        echo "$peer: $("${peer}_version" | head -n 1)"
    done
    note_load
}
