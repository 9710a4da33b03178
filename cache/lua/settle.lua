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
--       20 the buckets that the hold raised, as one text (they are rarely asked for): "<its key's place in KEYS>:<field>,"
--         for each
--       21 what a number's record begins with (type|since|hold id|owner group|), then the numbers
-- returns {"lost"}: in another epoch | {"done", order id} | {"restored", order id}: done, after it was counted anew |
--         {"none", "", those of the numbers that this hold was granted}: it was resolved before
-- keeps   a bucket falls only by what a hold had raised it: one that is swept, or has run out, stays away. What is held
--         counts each number once. A tenure ends once, however often it is told.
local call, ARGV, tonumber, match = redis.call, ARGV, tonumber, string.match
local usage, holds, numbers, orders, idem, known = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, kind, granted = ARGV[1], ARGV[2], ARGV[3]
local first = 21

-- "" for the epoch: a cluster, whose masters the caller has compared; this is the one it meant, or not.
local function stands_here(field)
  if ARGV[15] == '' then return string.find(call('INFO', 'server'), 'run_id:' .. ARGV[16], 1, true) ~= nil end
  local stands = call('HMGET', KEYS[7], field, 'run')
  return stands[1] == ARGV[15] and stands[2] == ARGV[16]
end
if ARGV[17] == '2' and not stands_here('epoch') then return {'lost'} end

-- Only who stands on this ledger as it is now may say that what lies below its floor is known here.
local told = tonumber(call('HGET', known, ARGV[12])) or 0
local floor = tonumber(ARGV[14])
if floor > told and stands_here('open') then
  told = floor
  call('HSET', known, ARGV[12], ARGV[14])
end

-- Counts of days and months that nothing can ask for are neither brought back nor left below zero: in how many
-- milliseconds those of a place in KEYS run out.
local runs_out = {['9'] = tonumber(ARGV[18]), ['10'] = tonumber(ARGV[19])}
local function count_anew(quantity)
  for place, field in string.gmatch(ARGV[20], '(%d+):([^,]*),') do
    local key, left = KEYS[tonumber(place)], runs_out[place]
    if not left or left > 0 then
      call('HINCRBY', key, field, quantity)
      if left and call('PTTL', key) < left then call('PEXPIRE', key, left) end
    end
  end
end
local function correct(from, to)
  for place, field in string.gmatch(ARGV[20], '(%d+):([^,]*),') do
    local key = KEYS[tonumber(place)]
    if not runs_out[place] or call('HEXISTS', key, field) == 1 then
      if from ~= '0' then call('HINCRBY', key, field, '-' .. from) end
      call('HINCRBY', key, field, to)
    end
  end
end

-- What a command says of all these fields (for HSET: fields and values): a thousand at a time, for no more can be passed.
local function of_each(command, key, fields, from)
  if #fields - from < 1000 then return call(command, key, unpack(fields, from)) end
  local found = {}
  for at = from, #fields, 1000 do
    local said = call(command, key, unpack(fields, at, math.min(at + 999, #fields)))
    if type(said) == 'table' then
      for i, value in ipairs(said) do found[at - from + i] = value end
    end
  end
  return found
end

local record, restored = call('HGET', holds, id), false
if record and ARGV[17] == '1' then return {'done', ''} end
if not record then
  if tonumber(ARGV[13]) < told or call('HEXISTS', known, ARGV[12] .. '/' .. ARGV[13]) == 1 then
    local granted_before = {'none', ''}
    for i = first + 1, #ARGV do
      local grant = call('HGET', numbers, ARGV[i])
      local by = grant and match(grant, '^[^|]*|[^|]*|([^|]*)|')
      if by == id or call('HEXISTS', KEYS[11], ARGV[i] .. '|' .. id) == 1 then granted_before[#granted_before + 1] = ARGV[i] end
    end
    return granted_before
  end
  record, restored = ARGV[11], true
  count_anew(match(record, '^%a+|(%d+)|'))
  if ARGV[10] ~= '' and call('EXISTS', idem) == 0 then
    call('HSET', idem, 'content', ARGV[10], 'state', 'in_flight', 'hold', id)
  end
end

-- The record: state|quantity|type|day|time|carrier|...|order id.
local quantity, rest = match(record, '^%a+|(%d+)|(.*)$')
local middle, order = match(rest, '^(.*)|([^|]*)$')

if kind ~= 'granted' and kind ~= 'released' then
  if ARGV[5] ~= '' then order = ARGV[5] end
  call('HSET', holds, id, (kind == 'pending' and 'held' or kind) .. '|' .. quantity .. '|' .. middle .. '|' .. order)
  if ARGV[4] ~= '' then call('HSET', orders, ARGV[4], id) end
else
  if granted ~= quantity then correct(quantity, granted) end
  call('HDEL', holds, id)
  if tonumber(ARGV[13]) >= told then call('HSET', known, ARGV[12] .. '/' .. ARGV[13], 1) end
  if order ~= '' then
    local carrier = match(rest, '^[^|]*|[^|]*|[^|]*|([^|]*)|')
    call('HDEL', orders, (carrier or '') .. '/' .. order)
  end
  local has_gone = call('EXISTS', KEYS[8]) == 1
  if first < #ARGV then
    -- What stands behind a grant wherever its tenure is kept: the owner group it is counted in, and the order.
    local my_type, my_since, my_group = match(ARGV[first], '^([^|]*)|(%d+)|[^|]*|([^|]*|)$')
    local of_mine = my_group .. (ARGV[5] ~= '' and ARGV[5] or order)
    -- A number that an earlier grant holds still is held once; of two grants the later one has it.
    local function held_once_less(type)
      call('HINCRBY', usage, 'N', -1)
      call('HINCRBY', usage, 'N.' .. type, -1)
    end
    local function ended(number, by, type, since, until_when, of)
      call('HSET', KEYS[11], number .. '|' .. by, type .. '|' .. since .. '|' .. until_when .. '|' .. of)
    end
    local before_of = of_each('HMGET', numbers, ARGV, first + 1)
    local gone_of = has_gone and of_each('HMGET', KEYS[8], ARGV, first + 1)
    local grant = my_type .. '|' .. my_since .. '|' .. id .. '|' .. of_mine
    local written, to_write = {}, {} -- a number may stand in the list twice
    for i = 1, #ARGV - first do
      local number = ARGV[first + i]
      local before = written[number] and grant or before_of[i]
      local given_back, later
      if gone_of and gone_of[i] then given_back, later = match(gone_of[i], '^(%d+)|?(.*)$') end
      local mine = not before
      if given_back and id ~= later and tonumber(my_since) <= tonumber(given_back) then
        mine = false
        held_once_less(my_type)
        ended(number, id, my_type, my_since, given_back, of_mine)
      elseif before then
        local type, since, by, of = match(before, '^([^|]*)|(%d+)|([^|]*)|(.*)$')
        mine = tonumber(my_since) > tonumber(since) or (my_since == since and id > by)
        held_once_less(mine and type or my_type)
        if mine then
          ended(number, by, type, since, my_since, of)
        elseif by ~= id then
          ended(number, id, my_type, my_since, since, of_mine)
        end
      end
      if mine then
        written[number] = true
        to_write[#to_write + 1] = number
        to_write[#to_write + 1] = grant
      end
    end
    if #to_write > 0 then of_each('HSET', numbers, to_write, 1) end
  end
  if has_gone and call('EXISTS', holds) == 0 then call('DEL', KEYS[8]) end
end

-- A key that another order has meanwhile is none of ours.
if ARGV[7] == '1' and call('HGET', idem, 'hold') == id then
  if kind == 'suspense' then
    call('HSET', idem, 'state', 'unknown')
    call('PERSIST', idem) -- an earlier answer may have begun to run out
  elseif ARGV[8] ~= '' then
    call('HSET', idem, 'state', 'finished', 'answer', ARGV[8])
    call('PEXPIRE', idem, ARGV[9])
  elseif kind == 'granted' or kind == 'released' then
    call('DEL', idem)
  end
end
return {restored and 'restored' or 'done', ARGV[5] ~= '' and ARGV[5] or order}
