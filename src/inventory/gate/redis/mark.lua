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
local texts, stamp = lookUpStamped(RECORDS, orders)
local changes, answers = newChanges(), {}
local answersFor = isServed(gate) and isTracked(gate, stamp) and gate.epoch

local function mark(order, reservationNo)
  local text = texts[order]
  if not text then return 'gone' end
  -- Nearly every record is pending, and these two fields are all that it takes.
  local letter, number = string.match(text, '^(%u)%d|(%-?%d+)|')
  if number ~= reservationNo then return 'gone' end
  if letter == LETTERS.pending then
    texts[order] = LETTERS.published .. string.sub(text, 2)
    changes.saved[#changes.saved + 1] = order
    changes.saved[#changes.saved + 1] = texts[order]
    return 'published'
  end
  if letter == LETTERS.published then return 'published' end
  if letter == LETTERS.voiding then return 'voiding' end
  -- A stub: the books decided first, and the caller gets their decision.
  local record = parse(text)
  texts[order] = false
  if record.state == 'refused' then
    drop(changes, order)
    return 'refused'
  end
  remember(changes, order, record, gate.epoch)
  return 'published'
end

for i = 1, #ARGV, 3 do
  local ours = answersFor == ARGV[i + 1]
  answers[#answers + 1] = ours and mark(ARGV[i], ARGV[i + 2]) or 'stale'
end

write(changes)
return answers
