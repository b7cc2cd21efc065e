-- Stands in front of every command, below the line that names the gate's life: local LIFE = '...'.
--
-- If the shop has a name, SHOP=staging, the keys begin with it: staging:g:{p}.
--
-- KEYS of every command, all of one product and so in one slot of a cluster:
--   1  g:{p}    hash: life, state (open, closed, loading), closing, epoch, sellable, pending, applied, n (the
--               last reservation's number), unitPrice, currency, priceVersion, limit ('' for none), keysInBooks (0 or 1),
--               sale (only of a product in a drop: '<version>|<opens>|<closes>|<1 where paused, else 0>|<hold>|<drop>|<1
--               where orders need a pass, else 0>|<1 where it latches, else 0>|<units that one customer may hold; left
--               out without a limit>', times in milliseconds; an earlier version wrote it without the last three), soldOut (the last lease of "sold out": '<since>|<until>', milliseconds),
--               soldOutAt ('<epoch>|<n>' when it was given; an earlier version leaves it as it is), latched (the drop in which nothing was left once: see latch.ts)
--   2  g:{p}:r  hash: order -> record
--   3  g:{p}:t  sorted set: order by the time it was reserved, milliseconds
--   4  g:{p}:u  hash: customer -> units held
-- and, reached by name from the first, g:{p}:i:<order>: the entry of an accepted request under an Idempotency-Key, written
-- when its record goes. Until then the record itself answers a repeat.
--
-- A record is '<state><shared>|number|body hash|quantity|reserved|pay by|unit price|currency|price version|limit|customer',
-- its state P pending, U published, V voiding, and as stubs C claimed and R refused.
-- An entry is 'A|epoch|record'. Earlier versions, which may run beside this one, write one with each reservation: '.' stands
-- for the A until its order is accepted. Under the same name 'X|epoch|until' says that the key is retired: see retired.ts.
--
-- Redis may lose one of these keys and keep the others: by hand, or by eviction. So the last three carry a stamp, the
-- product's epoch under a name that neither an order nor a customer has; in the sorted set as a score below zero, which
-- comes before every record. If a stamp is missing or of another epoch, nothing is sold until the product is rebuilt.
--
-- Lua cannot roll back. So a command first reads everything it needs, and fails on an unexpected value before its
-- first write.
local PRODUCT, RECORDS, BY_AGE, HELD = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local KEY_LIFETIME_MS = 24 * 60 * 60 * 1000
local RETIRED_AFTER_MS = 5 * 60 * 1000
local RETIRED = 'X'
-- Lua's stack ends at 8,000 values.
local AT_ONCE = 4000
local STAMP = ''
-- A record's text has a letter for its state. Only the functions that read and write the text use the letters.
local LETTERS = { pending = 'P', published = 'U', voiding = 'V', claimed = 'C', refused = 'R' }
local STATES = {}
for state, letter in pairs(LETTERS) do STATES[letter] = state end

local function number(text)
  return tonumber(text) or error('not a number: ' .. tostring(text))
end

local function fields(...)
  local values = redis.call('HMGET', PRODUCT, 'life', 'state', ...)
  local found = { life = values[1], state = values[2] }
  for i, name in ipairs({ ... }) do found[name] = values[i + 2] end
  return found
end

-- Data of an earlier life came back from a disk or a replica, possibly incomplete.
local function isServed(gate)
  return gate.life == LIFE and gate.state ~= 'loading'
end

-- Whether records and their ages are there; `stamp` is the stamp that the records have.
local function isTracked(gate, stamp)
  return stamp == gate.epoch and redis.call('ZSCORE', BY_AGE, STAMP) == '-' .. gate.epoch
end

local function versionOf(sale)
  return sale and number(string.match(sale, '^(%d+)|')) or -1
end

local function callInSlices(command, key, values)
  for i = 1, #values, AT_ONCE do
    redis.call(command, key, unpack(values, i, math.min(i + AT_ONCE - 1, #values)))
  end
end

-- The values of a hash by name; false if it has none.
local function lookUp(key, names)
  local found = {}
  for i = 1, #names, AT_ONCE do
    local last = math.min(i + AT_ONCE - 1, #names)
    local values = redis.call('HMGET', key, unpack(names, i, last))
    for j = i, last do found[names[j]] = values[j - i + 1] end
  end
  return found
end

-- Only the fields that commands need; the rest of the text stays unchanged.
local function parse(text)
  local letter, shared, reservationNo, body, quantity, reserved =
    string.match(text, '^(%u)(%d)|(%-?%d+)|([^|]*)|(%d+)|(%d+)|')
  local state = STATES[letter]
  if not state then error('not a record: ' .. text) end
  return {
    text = text, state = state, shared = shared == '1', reservationNo = reservationNo, body = body,
    quantity = number(quantity), reserved = number(reserved),
  }
end

-- Comes last in the text, because a customer's name may contain any character.
local function customerOf(record)
  return string.match(record.text, '^[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|(.*)$')
end

local function become(record, state)
  record.state, record.text = state, LETTERS[state] .. string.sub(record.text, 2)
end

local function isUndecided(record)
  return record.state == 'pending' or record.state == 'published' or record.state == 'voiding'
end

-- The values of a hash by name, and its stamp.
local function lookUpStamped(key, names)
  local last = #names + 1
  names[last] = STAMP
  local found = lookUp(key, names)
  names[last] = nil
  return found, found[STAMP]
end

-- The records of orders by order, nil if there is none; and their stamp.
local function recordsOf(orders)
  local texts, stamp = lookUpStamped(RECORDS, orders)
  local records = {}
  for _, order in ipairs(orders) do records[order] = texts[order] and parse(texts[order]) or nil end
  return records, stamp
end

-- The record of an order, if its reservation is the given one; and the stamp of the records.
local function recordOf(order, reservationNo)
  local records, stamp = recordsOf({ order })
  local record = records[order]
  return record and record.reservationNo == reservationNo and record or nil, stamp
end

local function entryKey(order)
  return PRODUCT .. ':i:' .. order
end

-- Reads the entry of an order: whether its key is retired; else 'A' or '.', and the record, nil for an entry that counts no
-- more.
local function readEntry(entry, gate, now)
  local kind, epoch, rest = string.match(entry, '^(.)|(%d+)|(.*)$')
  -- The books answer for entries of an ended epoch, and for old ones, whatever Redis' own clock says.
  if epoch ~= gate.epoch then return false end
  if kind == RETIRED then return now < number(rest) + RETIRED_AFTER_MS end
  if parse(rest).reserved <= now - KEY_LIFETIME_MS then return false end
  return false, kind, rest
end

-- A pass lasts minutes, so its end comes before that of the key.
local function retireKey(order, epoch, untilMs)
  redis.call('SET', entryKey(order), RETIRED .. '|' .. epoch .. '|' .. untilMs, 'PX', KEY_LIFETIME_MS)
end

-- Changes of records and of their keys, gathered first.
local function newChanges()
  return { saved = {}, dropped = {}, remembered = {} }
end

local function save(changes, order, record)
  changes.saved[#changes.saved + 1] = order
  changes.saved[#changes.saved + 1] = record.text
end

local function drop(changes, order)
  changes.dropped[#changes.dropped + 1] = order
end

-- The record of an accepted order goes: from now on its entry answers a repeat under its key.
local function remember(changes, order, record, epoch)
  drop(changes, order)
  if record.body == '' then return end
  changes.remembered[#changes.remembered + 1] = entryKey(order)
  changes.remembered[#changes.remembered + 1] = 'A|' .. epoch .. '|' .. record.text
end

local function write(changes)
  callInSlices('HSET', RECORDS, changes.saved)
  callInSlices('HDEL', RECORDS, changes.dropped)
  callInSlices('ZREM', BY_AGE, changes.dropped)
  for i = 1, #changes.remembered, 2 do
    redis.call('SET', changes.remembered[i], changes.remembered[i + 1], 'PX', KEY_LIFETIME_MS)
  end
end

-- Changes of customers' holdings, gathered first: { customer -> units }. A withdrawal has no customer.
local function hold(changes, user, units)
  if user ~= '' then changes[user] = (changes[user] or 0) + units end
end

-- Customers' holdings after the changes, as they will be written, and the stamp; `held` if it was read before.
local function heldAfter(changes, held)
  local users = {}
  for user in pairs(changes) do users[#users + 1] = user end
  if not held and #users == 0 then return { set = {}, gone = {} }, redis.call('HGET', HELD, STAMP) end
  held = held or lookUpStamped(HELD, users)
  local after = { set = {}, gone = {} }
  for user, units in pairs(changes) do
    local total = number(held[user] or 0) + units
    if total == 0 then
      after.gone[#after.gone + 1] = user
    else
      after.set[#after.set + 1] = user
      after.set[#after.set + 1] = total
    end
  end
  return after, held[STAMP]
end

local function saveHeld(after)
  callInSlices('HSET', HELD, after.set)
  callInSlices('HDEL', HELD, after.gone)
end
