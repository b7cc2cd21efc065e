-- Makes the requests for wrk: each has an Idempotency-Key of its own; buyers with their tokens, and products, repeat in
-- turn. Every server gets the same bytes.
local before, after, bodies, sent = {}, {}, {}, 0

function init(args)
  local run, products, tokens = args[1], args[2], args[3]
  for product in io.lines(products) do
    bodies[#bodies + 1] = string.format('{"productId":"%s","quantity":1}', product)
  end
  local which = 0
  for token in io.lines(tokens) do
    local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token,
      ["Idempotency-Key"] = "@key@" }
    local text = wrk.format("POST", "/orders", headers, bodies[which % #bodies + 1])
    local first, last = text:find("@key@", 1, true)
    before[#before + 1] = text:sub(1, first - 1) .. run .. "-"
    after[#after + 1] = text:sub(last + 1)
    which = which + 1
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
