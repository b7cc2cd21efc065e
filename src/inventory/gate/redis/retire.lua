#!lua
-- Retires the key of an order that does not exist, so that it never will.
-- Without flags: refused as a whole when Redis is out of memory, and the pass stays what it is.
--
-- KEYS    the product's four
-- ARGV    order, end of its pass, now
-- Answer  retired; spent if the order was seen; closed if the product is not open, and nothing is known
local order, untilMs, now = unpack(ARGV)
local gate = fields('epoch')
if not isServed(gate) or gate.state ~= 'open' then return 'closed' end
local records, stamp = recordsOf({ order })
if not isTracked(gate, stamp) or redis.call('HGET', HELD, STAMP) ~= gate.epoch then return 'closed' end
local entry = redis.call('GET', entryKey(order))
local _, accepted = false, nil
if entry then _, accepted = readEntry(entry, gate, number(now)) end
if records[order] or accepted then return 'spent' end

retireKey(order, gate.epoch, untilMs)
return 'retired'
