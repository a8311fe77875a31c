-- bench/request/load.lua -- wrk(1) script: judge what came back, print it for run-request.
--
-- wrk counts answers from 400 on.  EXPECT=refused says that every answer has
-- to be one of them, anything else that none may be.  Prints one line of
-- NAME=VALUE words, as bench/floor does.
function done(summary, latency, requests)
    local e = summary.errors
    local bad = e.status

    if os.getenv("EXPECT") == "refused" then
        bad = summary.requests - e.status
    end
    print(string.format(
        "rate=%.1f p50_us=%d p99_us=%d n=%d seconds=%.3f unexpected=%d broken=%d",
        summary.requests / (summary.duration / 1e6), latency:percentile(50),
        latency:percentile(99), summary.requests, summary.duration / 1e6, bad,
        e.connect + e.read + e.write + e.timeout))
end
