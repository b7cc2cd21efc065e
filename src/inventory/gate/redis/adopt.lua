#!lua flags=allow-oom
-- Takes over the publication of another request's pending reservation: it becomes shared, and its age starts again.
--
-- KEYS    the product's four
-- ARGV    order, now
-- Answer  epoch and the record as it was, or nothing
local order, now = unpack(ARGV)
local gate = fields('epoch')
if not isServed(gate) then return false end
local records, stamp = recordsOf({ order })
local record = isTracked(gate, stamp) and records[order]
if not record or record.state ~= 'pending' then return false end
local head, tail = string.match(record.text, '^.(.|[^|]*|[^|]*|[^|]*|)[^|]*(.*)$')

redis.call('HSET', RECORDS, order, LETTERS.pending .. '1' .. string.sub(head, 2) .. now .. tail)
redis.call('ZADD', BY_AGE, now, order)
return { gate.epoch, record.text }
