#!lua flags=allow-oom
-- Applies one row of the books' stream, once and in order. Runs out of memory or not: it gives units and memory back.
--
-- KEYS    the product's four
-- ARGV    seq, epoch, kind, available after, added; then five for each item: effect, order, number, customer, quantity
-- Answer  applied, duplicate or refused; or {gap, applied}, {drifted, drift}
local seq, epoch, kind, availableAfter, added = unpack(ARGV, 1, 5)
local gate = fields('epoch', 'sellable', 'pending', 'applied')
if not isServed(gate) or gate.epoch ~= epoch then return 'refused' end
local applied = number(gate.applied)
if number(seq) <= applied then return 'duplicate' end
if number(seq) > applied + 1 then return { 'gap', applied } end
if kind == 'rebuild' then return 'refused' end

local orders = {}
for i = 6, #ARGV, 5 do orders[#orders + 1] = ARGV[i + 1] end
local records, stamp = recordsOf(orders)
if not isTracked(gate, stamp) then return 'refused' end
local changes, heldChanges = newChanges(), {}
local sellable, pending = number(gate.sellable), number(gate.pending)

local function applyItem(effect, order, reservationNo, user, quantity)
  if effect == 'released' then
    sellable = sellable + quantity
    return hold(heldChanges, user, -quantity)
  end
  local claimed = effect == 'claimed' or effect == 'withdrawn'
  local record = records[order]
  if not record or record.reservationNo ~= reservationNo or not isUndecided(record) then
    -- Unknown here, but sold by the books.
    if not claimed then return end
    sellable = sellable - quantity
    return hold(heldChanges, user, quantity)
  end
  pending = pending - record.quantity
  if not claimed then
    sellable = sellable + record.quantity
    hold(heldChanges, customerOf(record), -record.quantity)
  end
  -- A duplicate's key belongs to the existing order; a refusal's key is free again, and has no entry that counts.
  local accepted = claimed or effect == 'duplicate'
  if record.state == 'pending' then
    -- A process that is about to mark it must still learn its fate.
    become(record, accepted and 'claimed' or 'refused')
    save(changes, order, record)
    return
  end
  records[order] = nil
  if accepted then remember(changes, order, record, epoch) else drop(changes, order) end
end

for i = 6, #ARGV, 5 do
  local effect, order, reservationNo, user, quantity = unpack(ARGV, i, i + 4)
  applyItem(effect, order, reservationNo, user, number(quantity))
end
sellable = sellable + number(added)
local held, heldStamp = heldAfter(heldChanges)
if heldStamp ~= gate.epoch then return 'refused' end
local drift = sellable + pending - number(availableAfter)
local agrees = drift == 0 and sellable >= 0

redis.call('HSET', PRODUCT, 'sellable', sellable, 'pending', pending, 'applied', seq,
  'state', agrees and gate.state or 'closed')
saveHeld(held)
write(changes)
if agrees then return 'applied' end
return { 'drifted', drift }
