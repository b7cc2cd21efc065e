#!lua flags=allow-oom
-- Moves records from pending to published, for orders that the log has acknowledged. Runs out of memory or not: it
-- frees more than it takes.
--
-- KEYS    the product's four
-- ARGV    three for each order: order, epoch, reservationNo
-- Answer  for each order: published, voiding, refused, gone or stale
local gate = fields('epoch')

local orders = {}
for i = 1, #ARGV, 3 do orders[#orders + 1] = ARGV[i] end
local records, stamp = recordsOf(orders)
local changes, answers = newChanges(), {}
local answersFor = isServed(gate) and isTracked(gate, stamp) and gate.epoch

local function mark(order, reservationNo)
  local record = records[order]
  if not record or record.reservationNo ~= reservationNo then return 'gone' end
  if record.state == 'published' then return 'published' end
  if record.state == 'voiding' then return 'voiding' end
  if record.state == 'pending' then
    become(record, 'published')
    save(changes, order, record)
    accept(changes, order, record)
    return 'published'
  end
  -- A stub: the books decided first, and the caller gets their decision.
  records[order] = nil
  drop(changes, order)
  return record.state == 'refused' and 'refused' or 'published'
end

for i = 1, #ARGV, 3 do
  local ours = answersFor == ARGV[i + 1]
  answers[#answers + 1] = ours and mark(ARGV[i], ARGV[i + 2]) or 'stale'
end

write(changes)
return answers
