#!/bin/sh
# tests/it/missing_libs.sh -- without the libraries of tests `make check` says what to install, in words that work.
src=$(cd "${top_srcdir:-${0%/*}/../..}" && pwd) || exit 99
for why in "there is no configure" "the source tree is a build directory itself"; do
    case $why in
    there*) [ ! -x "$src/configure" ] ;;
    *) [ -e "$src/config.status" ] ;;
    esac || continue
    echo "1..0 # SKIP $why"
    exit 0
done
T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
trap 'exit 129' HUP INT TERM
cd "$T" || exit 99
echo 1..3
said() { # NUMBER PROMISE TEXT
    if grep -qxF "$3" out; then
        echo "ok $1 - $2"
    else
        echo "not ok $1 - $2"
        tail -n 5 configured out | sed 's/^/# /'
    fi
}

# The make that runs this test has words for its own ones.
unset MAKEFLAGS MFLAGS MAKELEVEL
timeout 300 "$src/configure" -q ac_cv_header_check_h=no ac_cv_header_valgrind_memcheck_h=no >configured 2>&1
if [ $? -eq 0 ]; then
    echo "ok 1 - configure succeeds without them"
else
    echo "not ok 1 - configure succeeds without them"
fi
timeout 120 make -s test-libraries-are-missing >out 2>&1
said 2 "two are told" "tests need what is not here; on Debian: apt-get install check valgrind"
timeout 120 make -s tests/suite.o >out 2>&1
said 3 "by what every unit test needs" "tests need what is not here; on Debian: apt-get install check valgrind"
