#!lua flags=allow-oom
-- Deletes stubs that no process asked for again.
--
-- KEYS    the product's four
-- ARGV    three for each order: order, epoch, reservationNo
local gate = fields('epoch')
if not isServed(gate) or not isTracked(gate, redis.call('HGET', RECORDS, STAMP)) then return end
local changes = newChanges()
for i = 1, #ARGV, 3 do
  local record = gate.epoch == ARGV[i + 1] and recordOf(ARGV[i], ARGV[i + 2])
  if record and record.state == 'refused' then drop(changes, ARGV[i]) end
  if record and record.state == 'claimed' then remember(changes, ARGV[i], record, gate.epoch) end
end
write(changes)
