#!/bin/sh
# tests/torture/soak.sh -- a million requests leave memory and descriptors as they were.
#
# `make soak` (SOAK=N for another number) prints figures every so often into
# tests/torture/soak.log, and a verdict; a million takes about half an hour.
limit=36000
also="tests/torture"
. "${0%/*}/../it/lib.sh"

. "$T/src/tests/torture/torture.sh"
torture_conf 'log { stderr = yes syslog = no }'
serve_web
torture "${CMON_SOAK:=20000} requests, and RSS and descriptors are as when it was warm" \
    markers.py soak "$CMON_SOAK"
finish
