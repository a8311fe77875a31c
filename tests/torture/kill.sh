#!/bin/sh
# tests/torture/kill.sh -- a responder that is killed at any moment leaves nothing that the next start does not end.
#
# SIGKILL at random moments under load: see kill.py.  Short: 20 times, about
# 10 s; in full 500 times, about 4 minutes.
limit=1800
also="tests/torture"
. "${0%/*}/../it/lib.sh"

. "$T/src/tests/torture/torture.sh"
torture_conf 'route "/tree" {' \
    '    argv = { "sh", "-c", "setsid sh -c \"sleep 30 & exec sleep 30\" $0 & sh -c \"sleep 30; :\" $0 & sleep 0.2", "{m}" }' \
    '    param "m" { type = text env = "MARK" }' \
    '}' \
    'route "/sleep" { argv = { "sh", "-c", "sleep 0.1; :", "{m}" } param "m" { type = text env = "MARK" } }' \
    'route "/deploy" {' \
    '    method = { POST } detach = yes' \
    '    argv = { "sh", "-c", "setsid sh -c \"sleep 60; :\" $0 >/dev/null 2>&1 &", "{m}" }' \
    '    param "m" { type = text }' \
    '}'
serve_web
torture "what a killed responder has left is ended at the next start, but what was detached stays" \
    kill.py
finish
