#!lua flags=allow-oom
-- Gives the units of a pending reservation back, unless another process took it over.
--
-- KEYS    the product's four
-- ARGV    order, epoch, reservationNo
-- Answer  aborted or kept
local order, epoch, reservationNo = unpack(ARGV)
local gate = fields('epoch', 'sellable', 'pending')
if not isServed(gate) or gate.epoch ~= epoch then return 'kept' end
local record, stamp = recordOf(order, reservationNo)
if not isTracked(gate, stamp) then return 'kept' end
if not record or record.state ~= 'pending' or record.shared then return 'kept' end
local heldChanges, changes = {}, newChanges()
hold(heldChanges, customerOf(record), -record.quantity)
drop(changes, order)
local held, heldStamp = heldAfter(heldChanges)
if heldStamp ~= gate.epoch then return 'kept' end
local sellable, pending = number(gate.sellable) + record.quantity, number(gate.pending) - record.quantity

redis.call('HSET', PRODUCT, 'sellable', sellable, 'pending', pending)
saveHeld(held)
write(changes)
return 'aborted'
