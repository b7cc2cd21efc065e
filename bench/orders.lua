-- Makes the requests for wrk: each has an Idempotency-Key of its own; users and their tokens repeat in turn. Both
-- servers get the same bytes.
local before, after, sent = {}, {}, 0

function init(args)
  local run, body, tokens = args[1], args[2], args[3]
  for token in io.lines(tokens) do
    local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token,
      ["Idempotency-Key"] = "@key@" }
    local text = wrk.format("POST", "/orders", headers, body)
    local first, last = text:find("@key@", 1, true)
    before[#before + 1] = text:sub(1, first - 1) .. run .. "-"
    after[#after + 1] = text:sub(last + 1)
  end
end

function request()
  local which = sent % #before + 1
  sent = sent + 1
  return before[which] .. string.format("%08d", sent) .. after[which]
end

function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests - summary.errors.status, summary.errors.status,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
