# tests/torture/torture.sh -- what these tests share: routes, and drivers in Python.
#
# A test sources tests/it/lib.sh with also="tests/torture" first.  CMON_TORTURE
# is the share of the full counts in percent; empty is the short form.

torture_conf() { # [LINE...]: more of the configuration
    {
        cat <<'EOC'
core_dumps = yes
max_running = 64
queue = 256
route "/echo"  { argv = { "echo", "{m}" } param "m" { type = text } }
route "/big"   { argv = { "sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x" } }
route "/left"  {
    argv = { "sh", "-c", "setsid sh -c 'sleep 300 & sleep 300' $0 & sleep 301 & echo $0", "{m}" }
    param "m" { type = text }
}
route "/fails" { method = { POST } argv = { "sh", "-c", "echo no; exit 3" } }
route "/body"  { method = { POST } argv = { "cat" } stdin = body }
route "/late"  { argv = { "sh", "-c", "echo begun; setsid sleep 300 & sleep 302" } timeout = 50ms grace = 50ms }
route "/missing" { argv = { "no-such-command" } }
EOC
        for it_line; do echo "$it_line"; done
    } | conf
}

# More routes, of commands that leave something behind, each with its marker.
torture_trees() {
    torture_conf 'route "/tree" {' \
        '    argv = { "sh", "-c", "setsid sh -c \"sleep 30 & exec sleep 30\" $0 & sh -c \"sleep 30; :\" $0 & sleep 0.2", "{m}" }' \
        '    param "m" { type = text env = "MARK" }' \
        '}' \
        'route "/sleep" { argv = { "sh", "-c", "sleep 0.1; :", "{m}" } param "m" { type = text env = "MARK" } }' \
        'route "/tight" { argv = { "sh", "-c", "sleep 30; :", "{m}" } param "m" { type = text } }' \
        'route "/loose" { argv = { "sh", "-c", "sleep 30; :", "{m}" } cgroup = never param "m" { type = text } }' \
        'route "/fenced" { argv = { "true" } cgroup = always }' \
        'route "/deploy" {' \
        '    method = { POST } detach = yes' \
        '    argv = { "sh", "-c", "setsid sh -c \"sleep 60; :\" $0 >/dev/null 2>&1 &", "{m}" }' \
        '    param "m" { type = text }' \
        '}'
}

# Runs a driver; what it prints is a comment.
torture() { # PROMISE DRIVER [ARGUMENT...]
    it_promise=$1 it_driver=$2
    shift 2
    export T SOCK LOG CONF CMON KEY URL
    SHARE=$CMON_TORTURE PYTHONDONTWRITEBYTECODE=1 \
        python3 "$T/src/tests/torture/$it_driver" "$@" >driver.out 2>&1
    it_rc=$?
    note "$(grep '^wrong' driver.out | head -n 20; tail -n 60 driver.out)"
    if [ $it_rc -eq 77 ]; then
        skip "$it_promise" "$(tail -n 1 driver.out)"
    elif [ $it_rc -eq 0 ]; then
        pass "$it_promise"
    else
        fail "$it_promise"
    fi
}
