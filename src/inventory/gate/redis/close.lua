#!lua flags=allow-oom
-- Closes a product, loaded or not: from now on only an image taken after this can open it.
--
-- KEYS    the product's four
-- ARGV    what the image has to show; the epoch in which the product was seen, or ''
-- Answer  closed; or open, and nothing is changed, where it sells in a later epoch than that
local isHash = redis.call('TYPE', PRODUCT).ok == 'hash'
local gate = isHash and fields('epoch') or {}
if ARGV[2] ~= '' and gate.life == LIFE and gate.state == 'open' and number(gate.epoch) > number(ARGV[2]) then
  return 'open'
end
if not gate.state then
  redis.call('DEL', PRODUCT)
  redis.call('HSET', PRODUCT, 'life', LIFE, 'epoch', 0, 'sellable', 0, 'pending', 0, 'applied', 0, 'n', 0, 'keysInBooks', 0)
elseif not isServed(gate) then
  -- From an earlier life, half loaded, or used by a process that still has that life: no life owns it now.
  redis.call('HSET', PRODUCT, 'life', '')
end
redis.call('HSET', PRODUCT, 'state', 'closed', 'closing', ARGV[1])
-- Later terms are kept for the image; earlier ones are in the books, from which the image is read.
redis.call('HDEL', PRODUCT, 'sale')
return 'closed'
