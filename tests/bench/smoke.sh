#!/bin/sh
# tests/bench/smoke.sh -- bench/run-request comes to its end and leaves nothing; what it measures is not looked at.
set -u

src=${top_srcdir:-.}
build=${top_builddir:-.}
PATH=$PATH:/usr/sbin:/sbin
for tool in bash nginx spawn-fcgi curl taskset setsid; do
    command -v $tool >/dev/null || {
        echo "1..0 # SKIP $tool is not installed"
        exit 0
    }
done
if grep -q '^S\["SAN_CFLAGS"\]="..*"' "$build/config.status"; then
    echo '1..0 # SKIP a sanitizer is no bench'
    exit 0
fi

out=$(mktemp -d) || exit 99
trap 'rm -rf "$out"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL
# One at a time builds what `make` does not.
if TMPDIR=$out BUILD=$build flock "$build/config.status" \
    "$src/bench/run-request" --smoke -o "$out" >"$out/said" 2>&1; then
    echo 'ok 1 - a run ends well'
else
    echo 'not ok 1 - a run ends well'
    sed 's/^/# /' "$out/said"
fi
case $(tail -n 1 "$out/REPORT.md" 2>/dev/null) in
'goals: '*' of '*' met') echo 'ok 2 - its report is whole' ;;
*) echo 'not ok 2 - its report is whole' ;;
esac
if grep -q '^| true | 16 | [1-9]' "$out/REPORT.md" 2>/dev/null; then
    echo 'ok 3 - there is a rate in it'
else
    echo 'not ok 3 - there is a rate in it'
fi
echo "$out/" >"$out/name" # and not in grep's own command line
left=$(cd "$out" && grep -alsF -f name /proc/[0-9]*/cmdline)
if [ -z "$left" ] && [ -z "$(ls -d "$out"/tmp.* 2>/dev/null)" ]; then
    echo 'ok 4 - nothing is left of it'
else
    echo "not ok 4 - nothing is left of it: $left"
fi
echo 1..4
