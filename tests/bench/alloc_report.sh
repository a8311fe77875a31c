#!/bin/sh
# tests/bench/alloc_report.sh -- bench/alloc/report.awk makes of known lines what can be worked out by hand.
set -u

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"

echo 'machine: canned' >"$tmp/facts"
cat >"$tmp/goals" <<'END'
# a comment
request-1 rate arena glibc >= 1.6 the rate
request-1 rate bins glibc >= 5 the rate of bins
request-1 p99 arena glibc <= 0.5 the tail
full5-1000000 cost arena self:full5-1000 <= 1.5 many chunks
full5-1000000 cost arena cmon2 <= 0.001 against a bitmap
request-1 rate arena absent >= 1 nobody
request-2 rate arena self:request-1 >= 1.6 both cores
END
# Ratios of the rounds: 2, 3, 2.5.  A tick is a nanosecond.
cat >"$tmp/results" <<'END'
what arena ours
what bins ours with bins
what glibc the C library's
what cmon2 a bitmap
what bump a mark
skipped absent libabsent is not installed
1 slice arena request-1 version=1 hz=1000000000 floor=50 rate=200 p50=400 p99=800 times=0.5/400,0.99/800
1 slice glibc request-1 version=2_36 hz=1000000000 floor=50 rate=100 p50=90 p99=1000 faults=0.5 copied=12
2 slice glibc request-1 version=2_36 hz=1000000000 floor=50 rate=100 p50=90 p99=1000
2 slice arena request-1 version=1 hz=1000000000 floor=50 rate=300 p50=400 p99=600
3 slice arena request-1 version=1 hz=1000000000 floor=50 rate=250 p50=400 p99=200
3 slice glibc request-1 version=2_36 hz=1000000000 floor=50 rate=100 p50=90 p99=1000
3 slice bins request-1 version=1 hz=1000000000 floor=50 rate=400 p50=400 p99=200
1 slice arena request-2 version=1 hz=1000000000 floor=50 rate=360 p50=400 p99=800
2 slice arena request-2 version=1 hz=1000000000 floor=50 rate=450 p50=400 p99=800
3 slice arena request-2 version=1 hz=1000000000 floor=50 rate=450 p50=400 p99=800
1 slice bump request-2 version=1 hz=1000000000 floor=50 rate=900 p50=400 p99=600
1 slice bump pool version=1 hz=1000000000 floor=50 rate=900 spread=0.013 p50=60 p99=60
1 slice arena pool version=1 hz=1000000000 floor=50 rate=300 spread=0.005 p50=70 p99=70
1 slice arena full5-1000 version=1 hz=1000000000 floor=50 p50=150 p99=200
1 slice arena full5-1000000 version=1 hz=1000000000 floor=50 p50=250 p99=200
1 slice cmon2 full5-1000000 version=x hz=1000000000 floor=50 p50=400050 p99=200
1 slice arena fragment version=1 hz=1000000000 floor=50 rate=1 resident_kb=3072 overhead=1.5 after_kb=512 series=1024/2048,2048/4096
1 slice cmon2 fragment version=1 hz=1000000000 floor=50 rate=1 resident_kb=4096 overhead=2 after_kb=1024
1 unable region pool
1 failed cmon2 pool it does not fit
END
report alloc
is "it complains of nothing" "$(cat "$tmp/complaints")" ""
like "it says what machine it was" "- machine: canned"
like "who was skipped is named" "- skipped: absent: libabsent is not installed"
like "who failed is named" "- skipped: cmon2, pool: it does not fit"
like "versions are told" "| glibc | the C library's | 2 36 |"
like "a ratio is made within a round, and the median counts" \
    "| the rate | glibc | ≥ 1.6 | arena | 2.5 | 2-3 |  | met |"
like "beside another of ours stands the arena alone" \
    "| the rate of bins | glibc | ≥ 5 | bins | 4 | 4-4 | 2.5 | **not met**, by 20.0 % |"
like "a tail may be at most so large" "| the tail | glibc | ≤ 0.5 | arena | 0.6 | 0.2-0.8 |  | **not met**, by 20.0 % |"
like "a cost is what is left without the counter's own" \
    "| many chunks | its own full5-1000 | ≤ 1.5 | arena | 2 | 2-2 |  | **not met**, by 33.3 % |"
like "a cost is held against another's" "| against a bitmap | cmon2 | ≤ 0.001 | arena | 0.0005 |"
like "what was not measured is called so" "| nobody | absent | ≥ 1 | arena | - | - |  | not measured |"
like "a time near the counter's floor is marked" "| glibc | 100 | 2.5 | 90 * | 1000 |"
like "ours may be held against our own rate elsewhere" \
    "| both cores | its own request-1 | ≥ 1.6 | arena | 1.8 | 1.5-1.8 |  | met |"
like "what the arena alone meets is counted too" \
    "The arena alone, which is what the product has, meets 3 of these 7."
like "nobody can be further ahead than bump is" \
    "The most that any allocator can be ahead (bump by each): arena 2.5."
like "and no P99 shorter than its own" \
    "The least that a P99 can be of another's (bump by each): arena 0.75."
is "but one that is mostly the counter's own says nothing" "$(grep -c '^The least that a P99' "$tmp/report")" 1
like "how far five runs lie apart is told" \
    "The five runs of a slice have a standard deviation, in % of their mean, of: arena 0.5, bump 1.3."
like "fragmentation is what is there by what lives, and what is left" "| arena | 3 | 1.5 | 0.75 | 0.5 |"
is "the last line counts the goals" "$(tail -n 1 "$tmp/report")" "goals: 3 of 7 met"
is "plots get what tables say" "$(sed -n 2p "$tmp/threads-request.dat")" "1 250 400 100 ? ?"
is "memory over time is in MiB" "$(sed -n 3p "$tmp/rss.dat")" "100 2 4"

report_nothing alloc 7
finish
