#!lua flags=no-writes
-- Reads a product's figures at the gate, at one instant.
--
-- KEYS    the product's four
-- Answer  nothing if it is not loaded; else state, epoch, sellable, pending, applied, unit price, currency,
--         price version, limit, when the oldest record was reserved, '' for what there is none of; 1 where all
--         keys of the product are there, else 0; what the last `close` was given, '' once an image is loaded; and the
--         terms of the sale, '' outside a drop; and the drop in which it was latched, or ''
local gate = fields('epoch', 'sellable', 'pending', 'applied', 'unitPrice', 'currency', 'priceVersion', 'limit',
  'closing', 'sale', 'latched')
if not isServed(gate) then return false end
local stamp, heldStamp = redis.call('HGET', RECORDS, STAMP), redis.call('HGET', HELD, STAMP)
local isWhole = heldStamp == gate.epoch and isTracked(gate, stamp)
local oldest = isWhole and redis.call('ZRANGE', BY_AGE, 1, 1, 'WITHSCORES') or {}
return {
  gate.state, gate.epoch, gate.sellable, gate.pending, gate.applied,
  gate.unitPrice or '', gate.currency or '', gate.priceVersion or '', gate.limit or '', oldest[2] or '',
  isWhole and 1 or 0, gate.closing or '', gate.sale or '', gate.latched or '',
}
