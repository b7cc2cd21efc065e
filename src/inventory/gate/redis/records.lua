#!lua flags=no-writes
-- Reads records of a product: the oldest first if the caller says how many, otherwise in any order.
--
-- KEYS    the product's four
-- ARGV    'all'; or 'before' or 'after', time in milliseconds, how many at most; or 'one', order
-- Answer  epoch, then two for each record: order, record
local which, what, most = unpack(ARGV)
local gate = fields('epoch')
if not gate.epoch then return {} end
-- A rebuild also needs restored records of an earlier life, because the log may have lost published ones.
if which ~= 'all' and not isServed(gate) then return {} end

local stamp = redis.call('HGET', RECORDS, STAMP)
if stamp ~= gate.epoch then return {} end
local answers = { gate.epoch }

if which == 'all' then
  -- Not by age: if the ages are lost, a rebuild of the product must still end its records.
  local found = redis.call('HGETALL', RECORDS)
  for i = 1, #found, 2 do
    if found[i] ~= STAMP then
      answers[#answers + 1] = found[i]
      answers[#answers + 1] = found[i + 1]
    end
  end
  return answers
end

local orders = { what }
if which == 'before' then
  orders = redis.call('ZRANGE', BY_AGE, '0', '(' .. what, 'BYSCORE', 'LIMIT', 0, most)
elseif which == 'after' then
  orders = redis.call('ZRANGE', BY_AGE, '(' .. what, '+inf', 'BYSCORE', 'LIMIT', 0, most)
end
local records = lookUp(RECORDS, orders)
for _, order in ipairs(orders) do
  if records[order] then
    answers[#answers + 1] = order
    answers[#answers + 1] = records[order]
  end
end
return answers
