#!lua flags=no-writes
-- What a product's gate has, at one instant.
--
-- KEYS    the product's four
-- Answer  nothing where it is not loaded; else state, epoch, sellable, pending, applied, unit price, currency,
--         price version, limit, and when the oldest record was reserved, '' for what there is none of
local gate = fields('epoch', 'sellable', 'pending', 'applied', 'unitPrice', 'currency', 'priceVersion', 'limit')
if not isServed(gate) then return false end
local oldest = redis.call('ZRANGE', BY_AGE, 0, 0, 'WITHSCORES')
return {
  gate.state, gate.epoch, gate.sellable, gate.pending, gate.applied,
  gate.unitPrice or '', gate.currency or '', gate.priceVersion or '', gate.limit or '', oldest[2] or '',
}
