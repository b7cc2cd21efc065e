#!lua
-- The newest terms win, in whatever order they come. They are taken by a product of any life and state: one that is closed
-- or half loaded keeps them for the image that opens it, and `close` has cleared what is older.
--
-- KEYS    the product's four
-- ARGV    the terms
-- Answer  set, or absent if the product is not there
local gate = fields('sale')
if not gate.state then return 'absent' end
if versionOf(ARGV[1]) > versionOf(gate.sale) then redis.call('HSET', PRODUCT, 'sale', ARGV[1]) end
return 'set'
