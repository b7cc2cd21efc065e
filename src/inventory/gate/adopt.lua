#!lua flags=allow-oom
-- Takes over the publication of another request's pending reservation: it is shared, and as old as from now.
--
-- KEYS    the product's four
-- ARGV    order, now
-- Answer  epoch and the record as it was, or nothing
local order, now = unpack(ARGV)
local gate = fields('epoch')
local text = isServed(gate) and redis.call('HGET', RECORDS, order)
local record = text and parse(text)
if not record or record.state ~= 'P' then return false end
redis.call('ZCARD', BY_AGE)

record.shared, record.reserved = true, number(now)
save(order, record)
redis.call('ZADD', BY_AGE, now, order)
return { gate.epoch, text }
