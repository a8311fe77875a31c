# shellcheck shell=bash disable=SC2034,SC2154 # what run-request and stage.sh set and use
# bench/request/alone.sh -- one peer at a time on its own: memory, first answer, sleepers, for run-request.
#
# Lines of results:
#   memory PEER idle|loaded|sleepers pss_kb=N dirty_kb=N processes=N
#   first PEER ms=T
#   herd PEER N asked=N answered=N refused=N seconds=T
#   beside PEER N slow=RATIO p50_us=T    (N = 0: alone; slow: its p50 over the floor's)
#   spawn spawn|fork small_us=T large_us=T ratio=R

await() { # PEER
    [ "$(get "$(url "$1" true)" "$key")" = 200 ] ||
        die "$1 does not answer: $(cat "$tmp/answer" "$tmp/$1.log")"
}

# settle PEER: waits until it has all the processes that it wants to have.
settle() {
    local before=0 now try
    for ((try = 0; try < 40; try++)); do
        now=$(stage_processes | grep -c "^${leaders[$1]} ")
        [ "$now" -ne "$before" ] || return 0
        before=$now
        sleep 0.15
    done
}

# Idle after a first answer, and after what is expensive has been used hard.
measure_memory() { # PEER
    local case
    stage_start "$1"
    await "$1"
    settle "$1"
    result "memory $1 idle $(stage_memory "$1")"
    for case in true output; do
        "$build/bench/request/load" -c 64 -t 0.5 -h "access_token: $key" "$(url "$1" "$case")" \
            >/dev/null || die "$1: no result under load"
        sleep 0.2
    done
    result "memory $1 loaded $(stage_memory "$1")"
    stage_stop
    [ "$1" = cmon ] || return 0
    everything=yes
    stage_start "$1"
    [ "$(get "$(url "$1" health)" "$key")" = 200 ] || die "cmon does not serve with everything: $(cat "$tmp/answer" "$tmp/cmon.log")"
    settle cmon
    result "memory cmon-everything idle $(stage_memory "$1")"
    stage_stop
    everything=
}

measure_first() { # PEER
    local i words
    first_of=$1
    stage_start "$1"
    for ((i = 0; i < starts; i++)); do
        if ! words=$("${1}_start"); then
            result "first $1 failed=1"
            break
        fi
        result "first $1 $words"
    done
    stage_stop
    first_of=
}

# beside PEER N: the p50 of a fast request against the floor's, N sleepers there.
beside() {
    if "$build/bench/request/alternate" -n 30 -t 8 -w 4 -h "access_token: $key" -f "$(program true)" \
        "$1=$(url "$1" true)" >"$tmp/turns" 2>/dev/null; then
        result "beside $1 $2 $(tr '=' ' ' <"$tmp/turns" | awk '
            $1 == "floor" { floor = $5 }
            $1 != "floor" { printf "slow=%.4f p50_us=%.1f", $5 / floor, $5 }')"
    else
        result "beside $1 $2 blocked=1"
    fi
}

# Sleepers on all cores: how many come back and when, and what they cost meanwhile.
measure_herd() { # PEER
    local herd
    stage_start "$1"
    await "$1"
    settle "$1"
    "$build/bench/request/herd" 500 7 "access_token: $key" "$(url "$1" sleep)" >"$tmp/herd" &
    herd=$!
    sleep 1.5 # all of them have started
    result "memory $1 sleepers $(stage_memory "$1")"
    wait "$herd" || die "$1: the herd failed"
    result "herd $1 500 $(cat "$tmp/herd")"
    stage_stop
}

# A fast request alone and while N sleep, on one core: there it is the same share
# of the machine's moods as the floor.
measure_beside() { # PEER N
    local herd case=nap pause=0.4
    if [ "$2" -eq 500 ]; then
        case=doze pause=2 # all of them have started
    fi
    pin one
    stage_start "$1"
    await "$1"
    settle "$1"
    beside "$1" 0
    "$build/bench/request/herd" "$2" 7 "access_token: $key" "$(url "$1" "$case")" >/dev/null &
    herd=$!
    sleep $pause
    beside "$1" "$2"
    wait "$herd" || die "$1: the herd failed"
    stage_stop
    pin all
}

measure_sleepers() { # PEER
    local i n times=1
    [ "$1" != cmon ] || times=$herds
    at_once=600
    for ((i = 0; i < times; i++)); do
        measure_herd "$1"
        for n in 8 64 500; do
            measure_beside "$1" "$n"
        done
    done
    at_once=
}

measure_alone() {
    local peer words
    for peer in $alone_peers; do
        case " $peers " in *" $peer "*) ;; *) continue ;; esac
        [ ! -t 2 ] || printf '\r\033[K%s alone' "$peer" >&2
        measure_memory "$peer"
        measure_first "$peer"
        measure_sleepers "$peer"
    done
    [ ! -t 2 ] || printf '\r\033[K' >&2
    [ "$mode" != smoke ] || return 0
    pin one # else the two processes may each have a core, and compare these
    while read -r words; do
        result "spawn $words"
    done < <("$build/bench/spawn" "$(program nothing)")
    pin all
}
