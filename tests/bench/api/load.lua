-- Load of wrk for the API benchmark. BENCH_TOKEN is the bearer token; with BENCH_WRITE set every request creates a site of another name.
wrk.headers['Authorization'] = 'Bearer ' .. os.getenv('BENCH_TOKEN')

local write = os.getenv('BENCH_WRITE')
if write then
    local created = 0
    wrk.method = 'POST'
    wrk.headers['Content-Type'] = 'application/json'
    function request()
        created = created + 1
        return wrk.format(nil, nil, nil, '{"name":"Bench ' .. write .. '-' .. created ..
            '","location":{"id":"us_east_1"},"mediaRegions":["us-east-1","eu-west-1"],"callerName":"Bench"}')
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('{"requests": %d, "seconds": %.3f, "refused": %d, "broken": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
        summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
