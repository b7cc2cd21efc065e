#!lua
-- Takes units for orders of one product, in their order; each is decided as if it came alone.
-- Without flags: refused as a whole when Redis is out of memory.
--
-- KEYS    the product's four
-- ARGV    the gate's clock in milliseconds, '' for Redis' own; then eight for each order: order, customer, quantity, body
--         hash or '', total the buyer expects or '', options ('new-in:<epoch>', 'withdrawal',
--         'ignores-sale', 'leases', 'tells', and last 'pass:<its drop>', with blanks between them, or ''), now, pay by
-- Answer  'absent', 'closed', or a list: epoch, unit price, currency, price version, limit; how long units are held, when
--         the drop opens and what the clock says, three times '' outside a drop; the beginning of the lease of "sold
--         out" if it was given, else ''; the drop, or ''; then for each order its number where units were taken; a
--         refusal's name, or 'leased' where it is sold out and the lease was given, each with '_line' behind it where the
--         drop's line gets units that come back, and with 'tells' '@applied|sellable|pending|held by the customer|clock'; or
--         of an order seen before
--         '<A where accepted, else .><1 where the body is the same, else 0>|record'
local gate = fields('epoch', 'sellable', 'pending', 'n', 'unitPrice', 'currency', 'priceVersion', 'limit', 'keysInBooks',
  'sale', 'soldOut', 'soldOutAt', 'latched', 'applied')
if not gate.state then return 'absent' end
if not isServed(gate) then return 'closed' end

local orders, users, entryKeys = {}, {}, {}
for i = 2, #ARGV, 8 do
  local at = #orders + 1
  orders[at], users[at], entryKeys[at] = ARGV[i], ARGV[i + 1], entryKey(ARGV[i])
end
local records, stamp = lookUpStamped(RECORDS, orders)
local held, heldStamp = lookUpStamped(HELD, users)
if heldStamp ~= gate.epoch or not isTracked(gate, stamp) then return 'closed' end
local entries = {}
for i, entry in ipairs(redis.call('MGET', unpack(entryKeys))) do entries[orders[i]] = entry end
local sellable, pending, lastNo = number(gate.sellable), number(gate.pending), number(gate.n)
local unitPrice, limit = tonumber(gate.unitPrice), tonumber(gate.limit)

local clockMs
local function clock()
  if not clockMs and ARGV[1] ~= '' then clockMs = number(ARGV[1]) end
  if not clockMs then
    local time = redis.call('TIME')
    clockMs = number(time[1]) * 1000 + math.floor(number(time[2]) / 1000)
  end
  return clockMs
end

-- See lease.ts.
local LEASE_MS = 60
local leasedSince, leasedUntil = string.match(gate.soldOut or '', '^(%d+)|(%d+)$')
local isLeased, isGiven = leasedUntil and clock() < number(leasedUntil), false
local isBounded = isLeased and number(leasedUntil) > clock() + LEASE_MS
local leasedAt
local function takenAt() return string.format('%s|%.0f', gate.epoch, lastNo) end

local gateMs, opensAt, holdMs, dropId, saleRefusal = '', '', '', '', nil
local needsPass, mayLatch, isLatched, isNewlyLatched = false, false, false, false
if gate.sale then
  local opens, closes, paused, hold, drop, pass, latch, ofDrop =
    string.match(gate.sale, '^%d+|(%d+)|(%d+)|([01])|(%d+)|([^|]*)|?([01]?)|?([01]?)|?(%d*)$')
  opensAt, holdMs, dropId, needsPass = number(opens), number(hold), drop, pass == '1'
  if unitPrice and ofDrop ~= '' then limit = math.min(limit or number(ofDrop), number(ofDrop)) end
  gateMs = clock()
  mayLatch = latch == '1' and gate.state == 'open' and gateMs >= opensAt and gateMs < number(closes)
  isLatched = latch == '1' and gate.latched == drop
  if gateMs >= number(closes) then
    saleRefusal = 'drop_ended'
  elseif gateMs < opensAt then
    saleRefusal = 'drop_not_open'
  elseif paused == '1' then
    saleRefusal = 'drop_paused'
  end
end

local limitText = limit and string.format('%.0f', limit) or ''
local priced = string.format('%s|%s|%s|%s', gate.unitPrice or 0, gate.currency or '', gate.priceVersion or 0, limitText)
local heldChanges = {}

local function latchIfNothingIsLeft()
  if mayLatch and sellable <= 0 and not isLatched then isLatched, isNewlyLatched = true, true end
end

-- The answer of before, if there is one; and whether the key is retired.
local function seenBefore(order, body, now)
  local isRetired, accepted, first
  if entries[order] then isRetired, accepted, first = readEntry(entries[order], gate, now) end
  local record = records[order] or first
  if not record then return nil, isRetired end
  return (first and accepted or '.') .. (parse(record).body == body and 1 or 0) .. '|' .. record
end

local function refusalOf(user, quantity, total, options, pass, isRetired)
  if gate.state ~= 'open' then return 'closed' end
  if string.find(options, 'withdrawal', 1, true) then return sellable < quantity and 'sold_out' or nil end
  local ignoresSale = string.find(options, 'ignores-sale', 1, true)
  if isRetired or (pass and pass ~= dropId) then return 'pass_invalid' end
  local line = (needsPass or isLatched) and '_line' or ''
  if ignoresSale then
    if line ~= '' and saleRefusal ~= 'drop_ended' then return 'pass_required' end
  else
    if saleRefusal then return saleRefusal end
    if needsPass and not pass then return 'pass_required' end
  end
  if not unitPrice then return 'no_offer' end
  if total ~= '' and number(total) ~= unitPrice * quantity then return 'price_changed' end
  if sellable < quantity or ((isLeased or isLatched) and not ignoresSale and not pass) then return 'sold_out' .. line end
  local holds = number(held[user] or 0) + (heldChanges[user] or 0)
  if limit and holds + quantity > limit then return 'limit_per_customer' end
end

local answers = {
  gate.epoch, gate.unitPrice or '', gate.currency or '', gate.priceVersion or '', limitText,
  holdMs, opensAt, gateMs, '', dropId,
}
local newRecords, newAges = {}, {}

local function take(order, user, quantity, body, reserved, payBy)
  if gate.sale then payBy = string.format('%.0f', number(reserved) + holdMs) end
  lastNo, sellable, pending = lastNo + 1, sellable - quantity, pending + quantity
  local record = string.format('%s0|%.0f|%s|%.0f|%s|%s|%s|%s',
    LETTERS.pending, lastNo, body, quantity, reserved, payBy, priced, user)
  records[order] = record
  newRecords[#newRecords + 1] = order
  newRecords[#newRecords + 1] = record
  newAges[#newAges + 1] = reserved
  newAges[#newAges + 1] = order
  hold(heldChanges, user, quantity)
  return lastNo
end

for i = 2, #ARGV, 8 do
  local order, user, quantity, body, total, options, reserved, payBy = unpack(ARGV, i, i + 7)
  quantity = number(quantity)
  -- Off the others, because a drop may be named like one of them.
  local pass = string.match(options, 'pass:(%S+)$')
  if pass then options = string.sub(options, 1, -#pass - 6) end
  local answer, isRetired = seenBefore(order, body, number(reserved))
  if not answer then
    latchIfNothingIsLeft()
    answer = refusalOf(user, quantity, total, options, pass, isRetired)
    local mayBeKnown = body ~= '' and gate.keysInBooks == '1' and string.match(options, 'new%-in:(%d+)') ~= gate.epoch
    -- A retry of an accepted order gets its order, also once the drop is over, all is sold or its own units fill the limit.
    if mayBeKnown and answer ~= 'closed' then answer = 'ask_books' end
    local isSoldOut = answer == 'sold_out' or answer == 'sold_out_line'
    if isSoldOut and (sellable <= 0 or isLatched) and string.find(options, 'leases', 1, true) and not pass then
      local goesOn = leasedSince and (isLeased or gate.soldOutAt == takenAt())
      if not goesOn then leasedSince = string.format('%.0f', clock()) end
      answer, isLeased, isGiven, leasedAt = string.gsub(answer, 'sold_out', 'leased'), true, true, takenAt()
    end
    if answer and answer ~= 'ask_books' and string.find(options, 'tells', 1, true) then
      answer = string.format('%s@%s|%.0f|%.0f|%.0f|%.0f', answer, gate.applied, sellable, pending,
        number(held[user] or 0) + (heldChanges[user] or 0), clock())
    end
  end
  if not answer then
    answer = take(order, user, quantity, body, reserved, payBy)
    latchIfNothingIsLeft()
  end
  answers[#answers + 1] = answer
end

if isGiven or isBounded then
  redis.call('HSET', PRODUCT, 'soldOut', string.format('%s|%.0f', leasedSince, clock() + LEASE_MS),
    'soldOutAt', leasedAt or gate.soldOutAt or '')
end
if isGiven then answers[9] = leasedSince end
if isNewlyLatched then redis.call('HSET', PRODUCT, 'latched', dropId) end
if #newRecords > 0 then
  local heldNow = heldAfter(heldChanges, held)
  redis.call('HSET', PRODUCT, 'sellable', sellable, 'pending', pending, 'n', lastNo)
  redis.call('HSET', RECORDS, unpack(newRecords))
  redis.call('ZADD', BY_AGE, unpack(newAges))
  saveHeld(heldNow)
end
return answers
