-- Sends each prepared request once: its own user, token and Idempotency-Key. Both servers get the same bytes.
local requests, i = {}, 0

function init(args)
  local run, body, tokens = args[1], args[2], args[3]
  for token in io.lines(tokens) do
    local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token,
      ["Idempotency-Key"] = string.format("%s-%07d", run, #requests) }
    requests[#requests + 1] = wrk.format("POST", "/orders", headers, body)
  end
end

function request()
  i = i + 1
  if i > #requests then error("the prepared requests are used up: prepare more") end
  return requests[i]
end

function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests - summary.errors.status, summary.errors.status,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
