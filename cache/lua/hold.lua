-- Hold numbers for one order: every limit and throttle passes, then all are charged; or nothing is.
--
-- KEYS  1 usage, 2 holds, 3 the idempotency key's hash (any key of the slot when there is none), 4 known, 5 epoch,
--       6 days, 7 months (cache/bucket_field.h), 8 orders
-- ARGV  1 hold id, 2 quantity, 3 "1": the caller takes fewer, 4 now in microseconds
--       5 record before the quantity, 6 record after it (cache/hold_record.h)
--       7 content digest ("" : no idempotency key), 8 serial of the registry that the gateway decided by
--       9 gateway, 10 ordinal, 11 floor: its orders below it are known to this ledger, or never will be taken
--       12 epoch, 13 position, 14 run id of the server: what the gateway stands on (cache/epochs.h)
--       15 first day and 16 first month that still count, as fields; 17, 18 in how many milliseconds days and months run out
--       19 "<carrier>/<order id>" of the reservation that it confirms, or ""
--       from 20 on for usage, days and months each: how many of its fields the hold raises (for all types and for its own),
--       how many fields are named, they: those that it raises first, behind them in usage the fence, then what limits ask for
--       then the number of limits, and for each: cap, "1" when it may trim, how many runs of the arguments above name what
--       it counts, and the first and last of each
--       then the number of throttles, and for each: field of usage, interval and tolerance in microseconds
-- returns {"taken", quantity, {left of each limit before}, hold id and record of the reservation whose place it took} |
--         {"over", {limit indexes from 0}, holds, usage, days, months} | {"throttled", milliseconds} |
--         {"fenced", serial}: the operator was revoked in a newer registry | {"lost"}: not what the gateway stood on |
--         {"void"} | {"in_flight"} | {"unknown"} | {"mismatch"} | {"replay", answer}
-- keeps   the sum of a limit's buckets <= its cap after every hold, and a refused order takes nothing
--         known: gateway -> floor, "gateway/ordinal" -> an order above the floor that is resolved. Any other order
--         above the floor that is no open hold was never counted here.
local usage, holds, idem, known = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, now = ARGV[1], tonumber(ARGV[4])
local gateway, ordinal, floor = ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])

-- "" for the epoch: a cluster, whose masters the caller has compared; this is the one it meant, or not.
local function is_server(run) return string.find(redis.call('INFO', 'server'), 'run_id:' .. run, 1, true) ~= nil end
local function stands_here()
  if ARGV[12] == '' then return is_server(ARGV[14]) end
  local stands = redis.call('HMGET', KEYS[5], 'open', 'run', 'j:' .. gateway)
  return stands[1] == ARGV[12] and stands[2] == ARGV[14] and (tonumber(stands[3]) or -1) >= tonumber(ARGV[13])
end
if not stands_here() then return {'lost'} end

-- A hold that was given up before it arrived (the link broke) must not count now.
local known_of = redis.call('HMGET', known, gateway, gateway .. '/' .. ARGV[10])
local told = tonumber(known_of[1] or nil) or 0
if ordinal < told or known_of[2] or redis.call('HEXISTS', holds, id) == 1 then return {'void'} end

-- The three hashes of counts, and where among the arguments the names of their fields stand.
local at = 19
local function next_arg()
  at = at + 1
  return ARGV[at]
end
local function next_fields(key)
  local raised, count = tonumber(next_arg()), tonumber(next_arg())
  local first = at + 1
  at = at + count
  return {key = key, first = first, last_raised = first + raised - 1, last = at}
end
local in_usage, in_days, in_months = next_fields(usage), next_fields(KEYS[6]), next_fields(KEYS[7])

local found = {} -- argument -> what lies under that name, or false
local function read(place)
  for from = place.first, place.last, 1000 do
    local values = redis.call('HMGET', place.key, unpack(ARGV, from, math.min(from + 999, place.last)))
    for i, value in ipairs(values) do found[from + i - 1] = value end
  end
end
read(in_usage)

-- A revocation leaves its serial here: a gateway that has not heard of it yet must not hold by what it knew.
local fence = tonumber(found[in_usage.last_raised + 1] or nil)
if fence and fence > tonumber(ARGV[8]) then return {'fenced', fence} end

local content = ARGV[7]
if content ~= '' then
  local kept = redis.call('HMGET', idem, 'content', 'state', 'answer')
  if kept[1] then
    if kept[1] ~= content then return {'mismatch'} end
    if kept[2] == 'finished' then return {'replay', kept[3]} end
    return {kept[2]} -- in_flight or unknown
  end
end

-- Lua's numbers are exact to 2^53 only. A count is a pair (high, low) = high * 10^9 + low, with 0 <= low < 10^9.
local billion = 1000000000
local function pair(text)
  if #text <= 15 then
    local number = tonumber(text)
    local high = math.floor(number / billion)
    return high, number - high * billion
  end
  local sign, digits = string.match(text, '^(-?)(%d+)$')
  local high, low = tonumber(string.sub(digits, 1, -10)), tonumber(string.sub(digits, -9))
  if sign == '' then return high, low end
  if low == 0 then return -high, 0 end
  return -high - 1, billion - low
end
local function text_of(high, low)
  if math.abs(high) < 1000000 then return string.format('%.0f', high * billion + low) end
  local sign = ''
  if high < 0 then
    sign, high, low = '-', -high, -low
    if low < 0 then high, low = high - 1, low + billion end
  end
  return string.format('%s%.0f%09.0f', sign, high, low)
end
local function sum(high, low, more_high, more_low)
  high, low = high + more_high, low + more_low
  if low >= billion then return high + 1, low - billion end
  return high, low
end
local function difference(high, low, less_high, less_low)
  high, low = high - less_high, low - less_low
  if low < 0 then return high - 1, low + billion end
  return high, low
end
local function less(high, low, than_high, than_low)
  return high < than_high or (high == than_high and low < than_low)
end

local high_of, low_of = {}, {} -- argument -> what is counted under that name
read(in_days)
read(in_months)
for _, place in ipairs({in_usage, in_days, in_months}) do
  for n = place.first, place.last do
    if found[n] then high_of[n], low_of[n] = pair(found[n]) end
  end
end

-- A confirmation takes the place of the reservation it confirms (of the same type): what that holds is not counted
-- beside it.
local reserved, reservation, reserved_quantity, reserved_high, reserved_low, reserved_gateway, reserved_ordinal
local beside = {} -- argument that names a bucket which it raised -> the bucket's hash
local beside_unasked = {} -- {hash, field} of the others
if ARGV[19] ~= '' then
  reserved = redis.call('HGET', KEYS[8], ARGV[19])
  local record = reserved and redis.call('HGET', holds, reserved)
  local quantity, type, year, month, day, gateway_and_boot, place_of_order =
    string.match(record or '', '^reserved|(%d+)|([^|]*)|(%d+)%-(%d+)%-(%d+)|[^|]*|[^|]*|([^|]*)|(%d+)|')
  if quantity and type == string.match(ARGV[6], '^|([^|]*)') then
    reservation, reserved_quantity, reserved_ordinal = record, quantity, place_of_order
    reserved_high, reserved_low = pair(quantity)
    reserved_gateway = string.match(gateway_and_boot, '^[^/]*')
    local function raised_then(place, name)
      for n = place.first, place.last do
        if ARGV[n] == name then
          beside[n] = place.key
          return
        end
      end
      beside_unasked[#beside_unasked + 1] = {place.key, name}
    end
    for place, begin in pairs({[in_days] = string.sub(year, -2) .. month .. day, [in_months] = string.sub(year, -2) .. month}) do
      for n = place.first, place.last_raised do raised_then(place, begin .. string.sub(ARGV[n], -2)) end
    end
    for n = in_usage.first, in_usage.last_raised do beside[n] = usage end
  end
end

-- First what trimming leaves, then whether everything fits.
local limits = {}
local take_high, take_low = pair(ARGV[2])
for i = 1, tonumber(next_arg()) do
  local high, low = pair(next_arg())
  local trim = next_arg() == '1' and ARGV[3] == '1'
  for _ = 1, tonumber(next_arg()) do
    local from, to = tonumber(next_arg()), tonumber(next_arg())
    for n = from, to do
      if high_of[n] then high, low = difference(high, low, high_of[n], low_of[n]) end
      if beside[n] then high, low = sum(high, low, reserved_high, reserved_low) end
    end
  end
  limits[i] = {high, low}
  if trim and less(0, 0, high, low) and less(high, low, take_high, take_low) then take_high, take_low = high, low end
end
local over, left = {}, {}
for i, limit in ipairs(limits) do
  if less(limit[1], limit[2], take_high, take_low) then over[#over + 1] = i - 1 end
  left[i] = text_of(limit[1], limit[2])
end
if #over > 0 then
  local answer = {'over', over}
  for i, key in ipairs({holds, usage, KEYS[6], KEYS[7]}) do answer[2 + i] = redis.call('HGETALL', key) end
  return answer
end

-- Throttles: a request may come when its theoretical arrival is at most the tolerance ahead of now.
local arrivals, wait = {}, 0
for _ = 1, tonumber(next_arg()) do
  local field, interval, tolerance = next_arg(), tonumber(next_arg()), tonumber(next_arg())
  local arrival = math.max(tonumber(redis.call('HGET', usage, field)) or 0, now)
  wait = math.max(wait, arrival - now - tolerance)
  arrivals[#arrivals + 1] = field
  arrivals[#arrivals + 1] = string.format('%.0f', arrival + interval)
end
if wait > 0 then return {'throttled', math.ceil(wait / 1000)} end

-- From here on everything passes: take.
local take = text_of(take_high, take_low)
-- What has run out is not brought back by what the reservation gives back.
for n, key in pairs(beside) do
  if found[n] then
    high_of[n], low_of[n] = difference(high_of[n], low_of[n], reserved_high, reserved_low)
    redis.call('HSET', key, ARGV[n], text_of(high_of[n], low_of[n]))
  end
end
for _, bucket in ipairs(beside_unasked) do
  if redis.call('HEXISTS', bucket[1], bucket[2]) == 1 then
    redis.call('HINCRBY', bucket[1], bucket[2], '-' .. reserved_quantity)
  end
end
if reservation then
  redis.call('HDEL', holds, reserved)
  redis.call('HDEL', KEYS[8], ARGV[19])
  if tonumber(reserved_ordinal) >= (tonumber(redis.call('HGET', known, reserved_gateway)) or 0) then
    redis.call('HSET', known, reserved_gateway .. '/' .. reserved_ordinal, 1)
  end
end
-- The first of the day, or as good as that.
local new_day = (high_of[in_days.first] or 0) == 0 and (low_of[in_days.first] or 0) == 0
local function raise(place, changes)
  for n = place.first, place.last_raised do
    changes[#changes + 1] = ARGV[n]
    changes[#changes + 1] = text_of(sum(high_of[n] or 0, low_of[n] or 0, take_high, take_low))
  end
  redis.call('HSET', place.key, unpack(changes))
end
raise(in_usage, arrivals)
raise(in_days, {})
raise(in_months, {})
redis.call('HSET', holds, id, ARGV[5] .. take .. ARGV[6])
if content ~= '' then redis.call('HSET', idem, 'content', content, 'state', 'in_flight', 'hold', id) end

if floor > told then redis.call('HSET', known, gateway, ARGV[11]) end
-- What lies below its gateway's floor need not be told one by one. Not at every hold, but at one in sixteen (an id
-- ends by chance): few is as good as none.
if string.byte(id, -1) % 16 == 0 and redis.call('HLEN', known) > 16 then
  for _, field in ipairs(redis.call('HKEYS', known)) do
    local of, number = string.match(field, '^(.*)/(%d+)$')
    if of and tonumber(number) < (tonumber(redis.call('HGET', known, of)) or 0) then redis.call('HDEL', known, field) end
  end
end

-- Once a day, what no limit can ask for any more goes; all of it runs out when no day follows.
local function sweep(key, first, runs_out)
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if tonumber(field) < tonumber(first) then redis.call('HDEL', key, field) end
  end
  redis.call('PEXPIRE', key, runs_out)
end
if new_day then
  sweep(KEYS[6], ARGV[15], ARGV[17])
  sweep(KEYS[7], ARGV[16], ARGV[18])
end
return {'taken', take, left, reservation and reserved or '', reservation or ''}
