# shellcheck shell=bash
# .ci/lib.sh -- what ./quickstart and ./check share: steps, their logs, packages
#
# Sourced by bash.  Before the first step the caller sets
#   LOG_DIR   an existing directory; each step writes a log of its own there
#   STEPS     how many steps there will be
# Debian keeps nginx and ip in sbin, which is not on everybody's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

step_no=0

# die WORDS... says why nothing more can be done, and ends with status 1.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# step NAME COMMAND... runs COMMAND with its output in a log of its own and
# prints one line, "[ 3/7] build ... 12 s".  When it fails, the end of the log
# and its name follow.  Returns the status of COMMAND, which runs in this shell
# and without errexit: a function checks each of its own commands.
step() {
    local name=$1 begin=$SECONDS rc=0 log
    shift
    step_no=$((step_no + 1))
    log=$LOG_DIR/$(printf '%02d' "$step_no")-${name%%[!a-z]*}.log
    printf '[%2d/%d] %s ... ' "$step_no" "$STEPS" "$name"
    "$@" >"$log" 2>&1 || rc=$?
    if [ "$rc" -eq 0 ]; then
        printf '%d s\n' "$((SECONDS - begin))"
        return 0
    fi
    printf 'FAILED after %d s\n' "$((SECONDS - begin))"
    tail -n 20 "$log" | sed 's/^/    /'
    printf '    whole log: %s\n' "$log"
    return "$rc"
}

# packages_missing NAME... prints those packages that are not installed.
packages_missing() {
    local p
    for p; do
        dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed ||
            printf '%s\n' "$p"
    done
}

# packages_step NAME... is a step that installs what is missing of NAME... and
# says so.  Needs root or sudo only if there is something to install.
packages_step() {
    local missing
    if ! command -v dpkg-query >/dev/null; then
        die "this is not Debian: install what these packages hold, then build by hand: $*"
    fi
    mapfile -t missing < <(packages_missing "$@")
    if [ "${#missing[@]}" -eq 0 ]; then
        step "packages: all $# are installed" true
        return
    fi
    # sudo asks here for its password, and not in the middle of a step.
    if [ "$(id -u)" -ne 0 ] &&
        ! { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || sudo -v; }; }; then
        die "neither root nor sudo; have these installed: apt-get install ${missing[*]}"
    fi
    step "packages: installing ${missing[*]}" packages_install "${missing[@]}" || return
    case " ${missing[*]} " in
    *" nginx "*) echo "    nginx.service is off; if you want it: systemctl enable --now nginx" ;;
    esac
}

# packages_install NAME... installs packages and starts no service.
packages_install() {
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    # One shell holds root's part, so that its trap tidies up whatever happens.
    "${root[@]}" bash -c "$(declare -f packages_as_root); packages_as_root \"\$@\"" packages "$@"
}

# Debian starts services when it installs them, and again at each boot.
# Whoever tries cmon wants neither, and may have a server on port 80 already.
packages_as_root() {
    local policy=/usr/sbin/policy-rc.d mark='# of cmon, while it installs packages' p off=()
    exec 8>/run/cmon-packages.lock
    flock 8
    # The administrator's own policy stands; one that a killed run of ours has
    # left behind is taken over, which the lock makes safe.
    if [ ! -e "$policy" ] || grep -qxF "$mark" "$policy"; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy" && chmod 755 "$policy" || return
    fi
    for p; do
        case $p in
        apache2 | caddy | h2o | lighttpd | nginx) # unless there is one of the administrator's own
            compgen -G "/etc/*/*/$p.service" >/dev/null || off+=("$p") ;;
        esac
    done
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=300 update || echo "going on with the old lists"
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" || return
    for p in "${off[@]}"; do
        update-rc.d "$p" disable
    done
}
