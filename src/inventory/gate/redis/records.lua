#!lua flags=no-writes
-- Records of a product, oldest first.
--
-- KEYS    the product's four
-- ARGV    'all'; or 'before', time in milliseconds, how many at most; or 'one', order
-- Answer  epoch, then two for each record: order, record
local which, what, most = unpack(ARGV)
local gate = fields('epoch')
if not gate.epoch then return {} end
-- Whoever rebuilds the gate also wants what came back of an earlier life: the log may have lost what is published there.
if which ~= 'all' and not isServed(gate) then return {} end

local orders
if which == 'one' then
  orders = { what }
elseif which == 'before' then
  orders = redis.call('ZRANGE', BY_AGE, '-inf', '(' .. what, 'BYSCORE', 'LIMIT', 0, most)
else
  orders = redis.call('ZRANGE', BY_AGE, 0, -1)
end
local records, answers = lookUp(RECORDS, orders), { gate.epoch }
for _, order in ipairs(orders) do
  if records[order] then
    answers[#answers + 1] = order
    answers[#answers + 1] = records[order]
  end
end
return answers
