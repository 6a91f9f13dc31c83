-- Sends the requests of a plan (see drivers.lua_plan) and prints one line of JSON after wrk's own report.

local plan, number
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  plan = dofile(args[1])
  number = plan.first_number
  -- Globals: done() asks the thread for them by name.
  failed, hit, miss, degraded, first_error = 0, 0, 0, 0, ""
end

local function turn(list)
  return list[number % #list + 1]
end

function request()
  number = number + 1
  local body = turn(plan.bodies)
  if body then
    body = body:gsub("@N@", string.format("%d", number))
  end
  return wrk.format(plan.method, turn(plan.paths), plan.headers, body)
end

function response(status, headers)
  if status < 200 or status > 299 then
    failed = failed + 1
    if first_error == "" then
      first_error = "status " .. status
    end
  end
  local state = headers["x-memory-cache"] or headers["X-Memory-Cache"]
  if state == "hit" then
    hit = hit + 1
  elseif state == "miss" then
    miss = miss + 1
  elseif state == "degraded" then
    degraded = degraded + 1
  end
end

function done(summary, latency)
  local thread = threads[1]
  local errors = thread:get("failed")
    + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "errors": %d, "bytes": %.0f, '
      .. '"p50_ms": %.3f, "p95_ms": %.3f, "p99_ms": %.3f, '
      .. '"cache": {"hit": %d, "miss": %d, "degraded": %d}, "first_error": "%s"}\n',
    summary.requests, summary.duration / 1e6, errors, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    thread:get("hit"), thread:get("miss"), thread:get("degraded"), thread:get("first_error")
  ))
end
