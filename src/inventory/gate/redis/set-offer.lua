#!lua
-- Sets the offer of a product: the newest offer wins, in whatever order offers come.
--
-- KEYS    the product's four
-- ARGV    unit price, currency, price version, limit or ''
local unitPrice, currency, priceVersion, limit = unpack(ARGV)
local gate = fields('priceVersion')
if not isServed(gate) then return end
if gate.priceVersion and number(priceVersion) <= number(gate.priceVersion) then return end
redis.call('HSET', PRODUCT, 'unitPrice', unitPrice, 'currency', currency, 'priceVersion', priceVersion, 'limit', limit)
