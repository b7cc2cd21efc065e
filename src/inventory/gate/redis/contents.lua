#!lua flags=no-writes
-- Reads all contents of a product at one instant, for an operator's comparison with the books.
--
-- KEYS    the product's four
-- Answer  nothing if it is not loaded or not whole; else epoch, applied, pending, the records and the holdings, each
--         as pairs of name and value
local gate = fields('epoch', 'applied', 'pending')
if not isServed(gate) then return false end
local records, held = redis.call('HGETALL', RECORDS), redis.call('HGETALL', HELD)

local function withoutStamp(pairs)
  local others, stamp = {}, nil
  for i = 1, #pairs, 2 do
    if pairs[i] == STAMP then
      stamp = pairs[i + 1]
    else
      others[#others + 1] = pairs[i]
      others[#others + 1] = pairs[i + 1]
    end
  end
  return others, stamp
end

local ofOrders, stamp = withoutStamp(records)
local ofCustomers, heldStamp = withoutStamp(held)
if heldStamp ~= gate.epoch or not isTracked(gate, stamp) then return false end
return { gate.epoch, gate.applied, gate.pending, ofOrders, ofCustomers }
