-- Settle one hold: what the carrier gave stays counted, the rest is given back. Resolves a hold at most once.
--
-- KEYS  1 usage, 2 holds, 3 numbers, 4 orders, 5 the idempotency key's hash (any key of the slot when there is none),
--       6 known (hold.lua), 7 epoch, 8 gone: number -> when it was given back, and "|" and a later grant that
--         stays, where one is known; as long as orders are open,
--       9 days, 10 months, 11 past: "number|hold id" -> type|since|until|owner group|order id
-- ARGV  1 hold id, 2 granted | released | pending | suspense | reserved, 3 numbers granted,
--       4 "<carrier>/<order id>" or "", 5 the order id, 6 now in milliseconds
--       7 "1" when there is an idempotency key, 8 answer to keep or "", 9 for how many milliseconds (none left: it is gone), 10 content or ""
--       11 the hold's record as it was taken: what is counted when this ledger does not know it
--       12 gateway that took it, 13 ordinal, 14 its floor (0: not told by that gateway)
--       15 epoch, 16 run id of the server: what the caller stands on, 17 "1": an open hold that is known stays as it is,
--            "2": nothing is done in another epoch
--       18, 19 in how many milliseconds days and months run out where this makes them anew; 0: they have
--       20 number of buckets, then for each: its key's place in KEYS and its field
--       then what a number's record begins with (type|since|hold id|owner group|), then the numbers
-- returns {"lost"}: in another epoch | {"done", order id} | {"restored", order id}: done, after it was counted anew |
--         {"none", "", those of the numbers that this hold was granted}: it was resolved before
-- keeps   a bucket falls only by what a hold had raised it: one that is swept, or has run out, stays away. What is held
--         counts each number once. A tenure ends once, however often it is told.
local usage, holds, numbers, orders, idem, known = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, kind, granted = ARGV[1], ARGV[2], ARGV[3]
local past = KEYS[11]
local first = 21 + 2 * tonumber(ARGV[20])

-- "" for the epoch: a cluster, whose masters the caller has compared; this is the one it meant, or not.
local function is_server(run) return string.find(redis.call('INFO', 'server'), 'run_id:' .. run, 1, true) ~= nil end
local function stands_here(field)
  if ARGV[15] == '' then return is_server(ARGV[16]) end
  local stands = redis.call('HMGET', KEYS[7], field, 'run')
  return stands[1] == ARGV[15] and stands[2] == ARGV[16]
end
if ARGV[17] == '2' and not stands_here('epoch') then return {'lost'} end

-- Only who stands on this ledger as it is now may say that what lies below its floor is known here.
local told = tonumber(redis.call('HGET', known, ARGV[12])) or 0
local floor = tonumber(ARGV[14])
if floor > told and stands_here('open') then
  told = floor
  redis.call('HSET', known, ARGV[12], ARGV[14])
end

-- Counts of days and months that nothing can ask for are neither brought back nor left below zero.
local runs_out = {[9] = tonumber(ARGV[18]), [10] = tonumber(ARGV[19])}
local function count_anew(quantity)
  for i = 21, first - 1, 2 do
    local place = tonumber(ARGV[i])
    local left = runs_out[place]
    if not left or left > 0 then
      redis.call('HINCRBY', KEYS[place], ARGV[i + 1], quantity)
      if left and redis.call('PTTL', KEYS[place]) < left then redis.call('PEXPIRE', KEYS[place], left) end
    end
  end
end
local function correct(from, to)
  for i = 21, first - 1, 2 do
    local place = tonumber(ARGV[i])
    if not runs_out[place] or redis.call('HEXISTS', KEYS[place], ARGV[i + 1]) == 1 then
      if from ~= '0' then redis.call('HINCRBY', KEYS[place], ARGV[i + 1], '-' .. from) end
      redis.call('HINCRBY', KEYS[place], ARGV[i + 1], to)
    end
  end
end

-- What a command says of all these fields (for HSET: fields and values): a thousand at a time, for no more can be passed.
local function of_each(command, key, fields)
  local found = {}
  for from = 1, #fields, 1000 do
    local said = redis.call(command, key, unpack(fields, from, math.min(from + 999, #fields)))
    if type(said) == 'table' then
      for i = 1, math.min(1000, #fields - from + 1) do found[from + i - 1] = said[i] end
    end
  end
  return found
end

local record, restored = redis.call('HGET', holds, id), false
if record and ARGV[17] == '1' then return {'done', ''} end
if not record then
  if tonumber(ARGV[13]) < told or redis.call('HEXISTS', known, ARGV[12] .. '/' .. ARGV[13]) == 1 then
    local granted_before = {'none', ''}
    for i = first + 1, #ARGV do
      local grant = redis.call('HGET', numbers, ARGV[i])
      local by = grant and string.match(grant, '^[^|]*|[^|]*|([^|]*)|')
      if by == id or redis.call('HEXISTS', past, ARGV[i] .. '|' .. id) == 1 then granted_before[#granted_before + 1] = ARGV[i] end
    end
    return granted_before
  end
  record, restored = ARGV[11], true
  count_anew(string.match(record, '^%a+|(%d+)|'))
  if ARGV[10] ~= '' and redis.call('EXISTS', idem) == 0 then
    redis.call('HSET', idem, 'content', ARGV[10], 'state', 'in_flight', 'hold', id)
  end
end

-- The record: state|quantity|rest, the order id being its last part.
local _, quantity, rest = string.match(record, '^(%a+)|(%d+)|(.*)$')
local middle, order = string.match(rest, '^(.*)|(.-)$')

if kind ~= 'granted' and kind ~= 'released' then
  if ARGV[5] ~= '' then order = ARGV[5] end
  redis.call('HSET', holds, id, (kind == 'pending' and 'held' or kind) .. '|' .. quantity .. '|' .. middle .. '|' .. order)
  if ARGV[4] ~= '' then redis.call('HSET', orders, ARGV[4], id) end
else
  if granted ~= quantity then correct(quantity, granted) end
  redis.call('HDEL', holds, id)
  if tonumber(ARGV[13]) >= told then redis.call('HSET', known, ARGV[12] .. '/' .. ARGV[13], 1) end
  if order ~= '' then
    local carrier = string.match(rest, '^[^|]*|[^|]*|[^|]*|([^|]*)|')
    redis.call('HDEL', orders, (carrier or '') .. '/' .. order)
  end
  -- What stands behind a grant wherever its tenure is kept: the owner group it is counted in, and the order.
  local of_mine = string.match(ARGV[first], '([^|]*|)$') .. (ARGV[5] ~= '' and ARGV[5] or order)
  -- A number that an earlier grant holds still is held once; of two grants the later one has it.
  local my_type, my_since = string.match(ARGV[first], '^([^|]*)|(%d+)|')
  local function held_once_less(type)
    redis.call('HINCRBY', usage, 'N', -1)
    redis.call('HINCRBY', usage, 'N.' .. type, -1)
  end
  local function ended(number, by, type, since, until_when, of)
    redis.call('HSET', past, number .. '|' .. by, type .. '|' .. since .. '|' .. until_when .. '|' .. of)
  end
  local list = {}
  for i = first + 1, #ARGV do list[#list + 1] = ARGV[i] end
  local has_gone = redis.call('EXISTS', KEYS[8]) == 1
  local before_of = of_each('HMGET', numbers, list)
  local gone_of = has_gone and of_each('HMGET', KEYS[8], list) or {}
  local written, to_write = {}, {} -- a number may stand in the list twice
  for i, number in ipairs(list) do
    local before = written[number] or before_of[i]
    local given_back, later = string.match(gone_of[i] or '', '^(%d+)|?(.*)$')
    local mine = not before
    if given_back and id ~= later and tonumber(my_since) <= tonumber(given_back) then
      mine = false
      held_once_less(my_type)
      ended(number, id, my_type, my_since, given_back, of_mine)
    elseif before then
      local type, since, by, of = string.match(before, '^([^|]*)|(%d+)|([^|]*)|(.*)$')
      mine = tonumber(my_since) > tonumber(since) or (my_since == since and id > by)
      held_once_less(mine and type or my_type)
      if mine then
        ended(number, by, type, since, my_since, of)
      elseif by ~= id then
        ended(number, id, my_type, my_since, since, of_mine)
      end
    end
    if mine then
      written[number] = my_type .. '|' .. my_since .. '|' .. id .. '|' .. of_mine
      to_write[#to_write + 1] = number
      to_write[#to_write + 1] = written[number]
    end
  end
  of_each('HSET', numbers, to_write)
  if has_gone and redis.call('EXISTS', holds) == 0 then redis.call('DEL', KEYS[8]) end
end

-- A key that another order has meanwhile is none of ours.
if ARGV[7] == '1' and redis.call('HGET', idem, 'hold') == id then
  if kind == 'suspense' then
    redis.call('HSET', idem, 'state', 'unknown')
    redis.call('PERSIST', idem) -- an earlier answer may have begun to run out
  elseif ARGV[8] ~= '' then
    redis.call('HSET', idem, 'state', 'finished', 'answer', ARGV[8])
    redis.call('PEXPIRE', idem, ARGV[9])
  elseif kind == 'granted' or kind == 'released' then
    redis.call('DEL', idem)
  end
end
return {restored and 'restored' or 'done', ARGV[5] ~= '' and ARGV[5] or order}
