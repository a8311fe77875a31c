#!/bin/sh
# tests/bench/smoke.sh -- bench/run-request comes to its end and leaves nothing; what it measures is not looked at.
set -u
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=tests/bench/lib.sh
. "${top_srcdir:-.}/tests/bench/lib.sh"

smoke request nginx spawn-fcgi curl taskset setsid
smoke_report REPORT.md '^| true | 16 | [1-9]'
smoke_leaves_nothing
finish
