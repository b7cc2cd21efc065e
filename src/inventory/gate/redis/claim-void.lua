#!lua flags=allow-oom
-- Moves a record from pending to voiding: from now on it can never be published.
--
-- KEYS    the product's four
-- ARGV    order, epoch, reservationNo
-- Answer  voiding, published, claimed, refused, gone or stale
local order, epoch, reservationNo = unpack(ARGV)
local gate = fields('epoch')
if not isServed(gate) or gate.epoch ~= epoch then return 'stale' end
local record, stamp = recordOf(order, reservationNo)
if not isTracked(gate, stamp) then return 'stale' end
if not record then return 'gone' end
if record.state == 'pending' then
  local changes = newChanges()
  become(record, 'voiding')
  save(changes, order, record)
  write(changes)
end
return record.state
