# shellcheck shell=bash disable=SC2154 # what run-request and stage.sh set
# bench/request/where.sh -- where the time of a request goes, process by process, for run-request --where.
#
# One request at once on one core: what its parts were on the core for adds up to
# what it took.  The rest is the command's and that of waiting for nobody.

# on_cpu SUBJECT: ns that all threads of it have been on a core.  A command has a
# session of its own, or is gone.
on_cpu() {
    local leader=${leaders[$1]} sid pid rest
    stage_processes | while read -r sid pid rest; do
        [ "$sid" != "$leader" ] || cat "/proc/$pid"/task/*/schedstat
    done | awk '{ ns += $1 } END { printf "%.0f", ns }'
}

# where CASE PEER: a line of the table.
where() {
    local path=$1 token=$key status=200 own before_own before_nginx
    local TIMEFORMAT='user=%U system=%S'
    [ "$1" != refuse ] || path=true token=$wrong status=401
    [ "$2" != nginx ] || path=x token=$key status=200
    before_own=$(on_cpu "$2") before_nginx=$(on_cpu nginx)
    {
        time "$build/bench/request/load" -c 1 -t "$slice" -e "$status" -h "access_token: $token" \
            "$(url "$2" "$path")" >"$tmp/load"
    } 2>"$tmp/client" || die "$2, $1: no result: $(head -n 2 "$tmp/client")"
    own=$(on_cpu "$2")
    [ "$2" != nginx ] || own=$before_own # it has a column
    tr ' ' '\n' <"$tmp/load" | cat - <(tr ' ' '\n' <"$tmp/client") | awk -F = -v case="$1" -v peer="$2" \
        -v own="$((own - before_own))" -v nginx="$(($(on_cpu nginx) - before_nginx))" '
        { v[$1] = $2 }
        END {
            wall = 1e6 / v["rate"]
            own /= v["n"] * 1e3
            nginx /= v["n"] * 1e3
            client = (v["user"] + v["system"]) / v["n"] * 1e6
            printf "%-8s %-8s %8.0f %8.0f %8.0f %8.0f %8.0f\n", case, peer, wall, own, nginx, client,
                wall - own - nginx - client
        }'
}

measure_where() {
    local case peer
    [ -r /proc/self/schedstat ] || die "this kernel tells nothing in /proc/PID/schedstat"
    pin one
    # shellcheck disable=SC2086 # lists of words
    stage_start $peers
    check_peers
    echo "us a request, one at once on one core; floor: the bare command"
    printf '%-8s %-8s %8s %8s %8s %8s %8s\n' case who request itself nginx client rest
    for case in $cells; do
        if [ "$case" = refuse ]; then
            where refuse nginx
        else
            measure "$case" 1 floor | tr ' ' '\n' |
                awk -F = -v case="$case" '$1 == "rate" { printf "%-8s %-8s %8.0f\n", case, "floor", 1e6 / $2 }'
        fi
        for peer in $peers; do
            where "$case" "$peer"
        done
    done
    stage_stop
}
