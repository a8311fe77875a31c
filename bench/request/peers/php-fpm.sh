# shellcheck shell=bash disable=SC2154 # what stage.sh and run-request set
# bench/request/peers/php-fpm.sh -- PHP-FPM, a static pool, peers/command.php with proc_open.

php-fpm_packages() {
    echo php-fpm php-cli
}

php-fpm_program() {
    compgen -G '/usr/sbin/php-fpm[0-9]*' | tail -n 1
}

php-fpm_version() {
    echo "PHP-FPM $("$(php-fpm_program)" -v | sed 's/^PHP \([^ ]*\).*/\1/;q') with opcache, a static pool of 8 workers a core, proc_open"
}

php-fpm_location() {
    fastcgi_cases php-fpm "$tmp/php-fpm.sock" "$here/peers/command.php"
}

php-fpm_start() {
    local root=()
    rm -f "$tmp/php-fpm.sock"
    {
        printf '[global]\nerror_log = %s\nlog_level = error\ndaemonize = no\n[bench]\n' "$tmp/php-fpm.err"
        [ "$(id -u)" -ne 0 ] || printf 'user = root\ngroup = root\n'
        printf 'listen = %s\nlisten.backlog = 4096\nlisten.mode = 0600\n' "$tmp/php-fpm.sock"
        printf 'pm = static\npm.max_children = %s\n' "${at_once:-$((8 * cores))}"
    } >"$tmp/php-fpm.conf"
    [ "$(id -u)" -ne 0 ] || root=(--allow-to-run-as-root)
    stage_run php-fpm "$(php-fpm_program)" -F "${root[@]}" -y "$tmp/php-fpm.conf"
}
