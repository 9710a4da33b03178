-- Settle one hold: what the carrier gave stays counted, the rest is given back. Resolves a hold at most once.
--
-- KEYS  1 usage, 2 holds, 3 numbers, 4 orders, 5 the idempotency key's hash (any key of the slot when there is none)
-- ARGV  1 hold id, 2 granted | released | pending | suspense | void, 3 numbers granted,
--       4 "<carrier>/<order id>" or "", 5 the order id, 6 now in milliseconds
--       7 "1" when there is an idempotency key, 8 answer to keep or "", 9 for how many milliseconds
--       10 number of buckets, then their names; then a record for all numbers, then the numbers
-- returns "done" | "none": the hold is not open (resolved before, or never taken)
-- keeps   a bucket falls only by what a hold had raised it, and never by a timer
local usage, holds, numbers, orders, idem = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, kind, granted = ARGV[1], ARGV[2], tonumber(ARGV[3])

local record = redis.call('HGET', holds, id)
if not record or string.sub(record, 1, 5) == 'void|' then
  if kind == 'void' then redis.call('HSET', holds, id, 'void|' .. ARGV[6]) end
  return 'none'
end

-- The record: state|quantity|rest, the order id being its last part.
local state, quantity, rest = string.match(record, '^(%a+)|(%d+)|(.*)$')

if kind == 'pending' or kind == 'suspense' then
  local middle, known = string.match(rest, '^(.*)|(.-)$')
  local order = ARGV[5] ~= '' and ARGV[5] or known
  redis.call('HSET', holds, id, (kind == 'pending' and 'held' or 'suspense') .. '|' .. quantity .. '|' .. middle .. '|' .. order)
  if ARGV[4] ~= '' then redis.call('HSET', orders, ARGV[4], id) end
else
  local back = tonumber(quantity) - granted
  if back ~= 0 then
    for i = 11, 10 + tonumber(ARGV[10]) do redis.call('HINCRBY', usage, ARGV[i], string.format('%.0f', -back)) end
  end
  if kind == 'void' then
    redis.call('HSET', holds, id, 'void|' .. ARGV[6])
  else
    redis.call('HDEL', holds, id)
  end
  local known = string.match(rest, '([^|]*)$')
  if known ~= '' then
    local carrier = string.match(rest, '^[^|]*|[^|]*|[^|]*|([^|]*)|')
    redis.call('HDEL', orders, (carrier or '') .. '/' .. known)
  end
  local first = 12 + tonumber(ARGV[10])
  for i = first, #ARGV do redis.call('HSET', numbers, ARGV[i], ARGV[first - 1]) end
end

if ARGV[7] == '1' then
  if kind == 'suspense' then
    redis.call('HSET', idem, 'state', 'unknown')
    redis.call('PERSIST', idem) -- an earlier answer may have begun to run out
  elseif ARGV[8] ~= '' then
    redis.call('HSET', idem, 'state', 'finished', 'answer', ARGV[8])
    redis.call('PEXPIRE', idem, ARGV[9])
  elseif kind ~= 'pending' then
    redis.call('DEL', idem)
  end
end
return 'done'
