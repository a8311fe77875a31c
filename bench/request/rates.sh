# shellcheck shell=bash disable=SC2034,SC2154 # what run-request and stage.sh set and use
# bench/request/rates.sh -- requests beside the bare command: slices and turns, for run-request.
#
# One request at once: bench/request/alternate, turns of milliseconds.  More:
# slices of bench/request/load between slices of the floor.  Each line of results is
#   rate SCOPE CASE LEVEL SUBJECT NAME=VALUE...

# measure CASE LEVEL SUBJECT: one slice; prints its line of NAME=VALUE words.
measure() {
    local path=$1 token=$key status=200 slice=$slice
    [ "$2" -lt 64 ] || slice=$long_slice # a p99 needs some hundred answers
    case $1/$3 in
    */floor)
        # The environment that cmon gives its commands.
        env -i PATH=/usr/bin:/bin HOME=/ USER=bench LANG=C.UTF-8 \
            "$build/bench/floor" -c "$2" -t "$slice" "$(program "$1")"
        return
        ;;
    refuse/nginx) path=x ;;
    refuse/*) path=true token=$wrong status=401 ;;
    esac
    "$build/bench/request/load" -c "$2" -t "$slice" -e "$status" -h "access_token: $token" \
        "$(url "$3" "$path")"
}

slice_of() { # CASE LEVEL SUBJECT
    local words
    words=$(measure "$@") || die "$3, $1, $2 at once: no result; $(tail -n 3 "$tmp/error.log")"
    result "rate $scope $1 $2 $3 $words"
}

# chain BASE OFTEN PEER...: the order of the slices.  Whoever is measured stands
# beside a base; cmon comes more often, if yes, because the goals are about it.
chain() {
    local base=$1 order=$1 often=$2
    shift 3
    order="$order cmon $base"
    while [ $# -gt 0 ]; do
        order="$order ${*:1:2} $base"
        [ "$often" != yes ] || order="$order cmon $base"
        shift $(($# > 1 ? 2 : 1))
    done
    [ "$peers" != cmon ] || order="$order cmon $base"
    echo "$order"
}

backwards() {
    local word out=
    for word; do
        out="$word $out"
    done
    echo "$out"
}

# One at a time: all peers in turns of milliseconds.
alternate() { # CASE
    local peer urls=() base=(-f "$(program "$1")") path=$1 token=$key status=200 line words
    if [ "$1" = refuse ]; then
        base=(-b "$(url nginx x)") path=true token=$wrong status=401
    fi
    for peer in $peers; do
        urls+=("$peer=$(url "$peer" "$path")")
    done
    env -i PATH=/usr/bin:/bin HOME=/ USER=bench LANG=C.UTF-8 \
        "$build/bench/request/alternate" -n "$turns" -e "$status" -h "access_token: $token" \
        "${base[@]}" "${urls[@]}" >"$tmp/turns" || die "$1, one at once: no result"
    while read -r line words; do
        result "rate $scope $1 1 $line $words"
    done <"$tmp/turns"
}

measure_rates() {
    local round case level subject order base often end=$((SECONDS + patience))
    pin "$scope"
    # shellcheck disable=SC2086 # lists of words, here and below
    stage_start $peers
    check_peers
    note_time before
    for ((round = 1; round <= rounds; round++)); do
        [ ! -t 2 ] || printf '\r%s: round %d of %d' "$scope" "$round" "$rounds" >&2
        for level in $levels; do
            for case in $cells; do
                wanted "$scope" "$case" "$level" || continue
                [ "$round" -eq 1 ] || [ "$SECONDS" -lt "$end" ] || break 3
                if [ "$level" = 1 ]; then
                    alternate "$case"
                    continue
                fi
                base=floor often=yes
                [ "$case" != refuse ] || base=nginx
                [ "$mode" != quick ] && [ "$level" -lt 64 ] || often=no
                # shellcheck disable=SC2086
                order=$(chain "$base" "$often" $peers)
                # shellcheck disable=SC2086
                [ $((round % 2)) -ne 0 ] || order=$(backwards $order)
                for subject in $order; do
                    slice_of "$case" "$level" "$subject"
                done
            done
        done
    done
    [ ! -t 2 ] || printf '\r\033[K' >&2
    note_time after
    stage_stop
    pin all
}
