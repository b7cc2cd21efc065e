#!lua
-- Brings the retired keys of an image to a product that is being loaded.
-- Without flags: refused as a whole when Redis is out of memory, and the product stays closed.
--
-- KEYS    the product's four
-- ARGV    epoch; then two for each key: order, end of its pass
-- Answer  loading or stale
local epoch = ARGV[1]
local gate = fields('epoch')
if gate.life ~= LIFE or gate.state ~= 'loading' or gate.epoch ~= epoch then return 'stale' end
for i = 2, #ARGV, 2 do retireKey(ARGV[i], epoch, ARGV[i + 1]) end
return 'loading'
