#!lua
-- Loads a product from the books, in parts if many customers hold units; the last part opens it.
-- Without flags: refused as a whole when Redis is out of memory.
--
-- KEYS    the product's four
-- ARGV    part (first, more, last; one for first and last at once), epoch, what `close` answered or '', sellable,
--         applied, keys in books (0 or 1), unit price, currency, price version, limit ('' for none of them),
--         sale or '', the drop in which it is latched or ''; then two for each customer: customer, units held
-- Answer  loading, open or stale
local part, epoch, closing, sellable, applied, keysInBooks, unitPrice, currency, priceVersion, limit, sale, latched =
  unpack(ARGV, 1, 12)
local soldOut, soldOutAt

if part == 'first' or part == 'one' then
  -- Replaces existing keys, even of another type, so that a rebuild repairs a damaged product.
  local isHash = redis.call('TYPE', PRODUCT).ok == 'hash'
  local gate = isHash and fields('epoch', 'closing', 'sale', 'soldOut', 'soldOutAt', 'latched') or {}
  if (tonumber(gate.epoch) or 0) >= number(epoch) then return 'stale' end
  -- Closed by another process since, in another life of the gate, or installed already.
  if closing ~= '' and (gate.closing ~= closing or string.sub(closing, 1, #LIFE) ~= LIFE) then return 'stale' end
  -- Known, so another process may be rebuilding it.
  if closing == '' and gate.state then return 'stale' end
  -- Terms that were told after the closing may be newer than those of the image, which was read before.
  if gate.sale and (sale == '' or versionOf(gate.sale) > versionOf(sale)) then sale = gate.sale end
  -- Processes that were given the lease answer by it until it ends.
  soldOut, soldOutAt = gate.soldOut, gate.soldOutAt or ''
  -- The gate may have latched for units whose orders never came into the books.
  if latched == '' then latched = gate.latched or '' end
else
  local gate = fields('epoch')
  if gate.life ~= LIFE or gate.state ~= 'loading' or gate.epoch ~= epoch then return 'stale' end
end

if part == 'first' or part == 'one' then
  redis.call('UNLINK', PRODUCT, RECORDS, BY_AGE, HELD)
  redis.call('HSET', PRODUCT, 'life', LIFE, 'state', 'loading', 'epoch', epoch, 'sellable', sellable,
    'pending', 0, 'applied', applied, 'n', 0, 'keysInBooks', keysInBooks)
  redis.call('HSET', RECORDS, STAMP, epoch)
  redis.call('ZADD', BY_AGE, '-' .. epoch, STAMP)
  redis.call('HSET', HELD, STAMP, epoch)
  if unitPrice ~= '' then
    redis.call('HSET', PRODUCT, 'unitPrice', unitPrice, 'currency', currency, 'priceVersion', priceVersion, 'limit', limit)
  end
  if sale ~= '' then redis.call('HSET', PRODUCT, 'sale', sale) end
  if latched ~= '' then redis.call('HSET', PRODUCT, 'latched', latched) end
  if soldOut then redis.call('HSET', PRODUCT, 'soldOut', soldOut, 'soldOutAt', soldOutAt) end
end
for i = 13, #ARGV, AT_ONCE do
  redis.call('HSET', HELD, unpack(ARGV, i, math.min(i + AT_ONCE - 1, #ARGV)))
end
if part == 'first' or part == 'more' then return 'loading' end
redis.call('HSET', PRODUCT, 'state', 'open')
return 'open'
