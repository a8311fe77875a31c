#!/bin/sh
# tests/bench/alloc_smoke.sh -- bench/run-alloc comes to its end and leaves nothing; what it measures is not looked at.
set -u

src=${top_srcdir:-.}
build=${top_builddir:-.}
command -v bash >/dev/null || {
    echo '1..0 # SKIP bash is not installed'
    exit 0
}
if grep -q '^S\["SAN_CFLAGS"\]="..*"' "$build/config.status"; then
    echo '1..0 # SKIP a sanitizer is no bench'
    exit 0
fi

out=$(mktemp -d) || exit 99
trap 'rm -rf "$out"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL
# One at a time builds what `make` does not.
if TMPDIR=$out BUILD=$build flock "$build/config.status" \
    "$src/bench/run-alloc" --smoke -o "$out" >"$out/said" 2>&1; then
    echo 'ok 1 - a run ends well'
else
    echo 'not ok 1 - a run ends well'
    sed 's/^/# /' "$out/said"
fi
if grep -q '^this processor is emulated' "$out/said"; then
    for n in 2 3 4; do
        echo "ok $n # SKIP nothing is measured on an emulated processor"
    done
else
    case $(tail -n 1 "$out/ALLOC.md" 2>/dev/null) in
    'goals: '*' of '*' met') echo 'ok 2 - its report is whole' ;;
    *) echo 'not ok 2 - its report is whole' ;;
    esac
    if grep -q '^| cmon2 | [1-9]' "$out/ALLOC.md" 2>/dev/null; then
        echo 'ok 3 - there is a rate in it'
    else
        echo 'not ok 3 - there is a rate in it'
    fi
    # A library that is not installed is skipped; whoever fails is not.
    if failed=$(grep '^[0-9]* failed' "$build/bench/alloc-results.txt"); then
        echo 'not ok 4 - nobody fails at a workload'
        echo "$failed" | sed 's/^/# /'
    else
        echo 'ok 4 - nobody fails at a workload'
    fi
fi
if [ -z "$(ls -d "$out"/tmp.* 2>/dev/null)" ]; then
    echo 'ok 5 - nothing is left of it'
else
    echo 'not ok 5 - nothing is left of it'
fi
echo 1..5
