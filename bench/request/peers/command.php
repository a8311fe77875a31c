<?php // bench/request/peers/command.php -- checks a token, runs a command by proc_open, answers JSON
header('Content-Type: application/json');
if (!hash_equals($_SERVER['BENCH_KEY'], $_SERVER['HTTP_ACCESS_TOKEN'] ?? '')) {
    http_response_code(401);
    echo json_encode(['status' => 'error', 'code' => 401]);
    exit;
}
// An array: no shell.
$process = proc_open(explode(' ', $_SERVER['COMMAND']),
    [0 => ['file', '/dev/null', 'r'], 1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes);
$data = stream_get_contents($pipes[1]);
fclose($pipes[1]);
$exit = proc_close($process);
http_response_code($exit === 0 ? 200 : 500);
echo json_encode(['status' => $exit === 0 ? 'ok' : 'error', 'data' => $data, 'exit_code' => $exit],
    JSON_INVALID_UTF8_SUBSTITUTE);
