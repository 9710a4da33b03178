-- Hold numbers for one order: every limit and throttle passes, then all are charged; or nothing is.
--
-- KEYS  1 usage, 2 holds, 3 the idempotency key's hash (any key of the slot when there is none)
-- ARGV  1 hold id, 2 quantity, 3 "1": the caller takes fewer, 4 now in microseconds
--       5 record before the quantity, 6 record after it (cache/hold_record.h)
--       7 content digest ("" : no idempotency key), 8 first day whose bucket is still wanted (YYYYMMDD)
--       9 serial of the registry that the gateway decided by
--       10 number of buckets to raise, then their names
--       then the number of limits, and for each: cap, "1" when it may trim, number of buckets, their names
--       then the number of throttles, and for each: field, interval and tolerance in microseconds
-- returns {"taken", quantity, {left of each limit before}} | {"over", {limit indexes from 0}, usage, holds} | {"throttled", milliseconds}
--         {"fenced", serial}: the operator was revoked in a newer registry |
--         {"void"} | {"in_flight"} | {"unknown"} | {"mismatch"} | {"replay", answer}
-- keeps   the sum of a limit's buckets <= its cap after every hold, and a refused order takes nothing
local usage, holds, idem = KEYS[1], KEYS[2], KEYS[3]
local id, want, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])

-- A hold that was voided before it arrived (the link broke and the gateway gave it up) must not count now.
if redis.call('HEXISTS', holds, id) == 1 then return {'void'} end

-- A revocation leaves its serial here: a gateway that has not heard of it yet must not hold by what it knew.
local fence = tonumber(redis.call('HGET', usage, 'fence'))
if fence and fence > tonumber(ARGV[9]) then return {'fenced', fence} end

local content = ARGV[7]
if content ~= '' then
  local known = redis.call('HMGET', idem, 'content', 'state', 'answer')
  if known[1] then
    if known[1] ~= content then return {'mismatch'} end
    if known[2] == 'finished' then return {'replay', known[3]} end
    return {known[2]} -- in_flight or unknown
  end
end

local at = 10
local function next_arg()
  at = at + 1
  return ARGV[at]
end
local function next_list(count)
  local list = {}
  for i = 1, count do list[i] = next_arg() end
  return list
end

local raise = next_list(tonumber(ARGV[10]))

-- First what trimming leaves, then whether everything fits.
local limits, take = {}, want
for i = 1, tonumber(next_arg()) do
  local cap, trim = tonumber(next_arg()), next_arg() == '1' and ARGV[3] == '1'
  local taken = 0
  for _, value in ipairs(redis.call('HMGET', usage, unpack(next_list(tonumber(next_arg()))))) do
    taken = taken + (tonumber(value) or 0)
  end
  limits[i] = cap - taken
  if trim and limits[i] > 0 and limits[i] < take then take = limits[i] end
end
local over = {}
for i, left in ipairs(limits) do
  if left < take then over[#over + 1] = i - 1 end
end
if #over > 0 then return {'over', over, redis.call('HGETALL', usage), redis.call('HGETALL', holds)} end

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
if #arrivals > 0 then redis.call('HSET', usage, unpack(arrivals)) end
for _, bucket in ipairs(raise) do redis.call('HINCRBY', usage, bucket, take) end
redis.call('HSET', holds, id, ARGV[5] .. string.format('%.0f', take) .. ARGV[6])
if content ~= '' then redis.call('HSET', idem, 'content', content, 'state', 'in_flight', 'hold', id) end

-- Once a day, buckets of days that no limit can ask for any more, and marks of voided holds, go.
local today = raise[1]
if redis.call('HGET', usage, 'swept') ~= today then
  redis.call('HSET', usage, 'swept', today)
  for _, field in ipairs(redis.call('HKEYS', usage)) do
    local day = string.match(field, '^D(%d+)')
    if day and day < ARGV[8] then redis.call('HDEL', usage, field) end
  end
  local record = redis.call('HGETALL', holds)
  for i = 1, #record, 2 do
    local voided = string.match(record[i + 1], '^void|(%d+)')
    if voided and tonumber(voided) < now / 1000 - 86400000 then redis.call('HDEL', holds, record[i]) end
  end
end
return {'taken', take, limits}
