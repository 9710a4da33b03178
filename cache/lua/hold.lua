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
--       20 number of buckets to raise, then for each: its key's place in KEYS and its field: the day's, the month's, the
--       lifetime's and what is held, each for all types and then for its own
--       then the number of limits, and for each: cap, "1" when it may trim, its key's place, number of fields, they
--       then the number of throttles, and for each: field, interval and tolerance in microseconds
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

-- A revocation leaves its serial here: a gateway that has not heard of it yet must not hold by what it knew.
local fence = tonumber(redis.call('HGET', usage, 'fence'))
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
local function pair(text)
  local sign, digits = string.match(text or '0', '^(-?)(%d+)$')
  local high = tonumber(string.sub(digits, 1, -10)) or 0
  local low = tonumber(string.sub(digits, -9))
  if sign == '-' then
    high, low = -high, -low
    if low < 0 then high, low = high - 1, low + 1000000000 end
  end
  return high, low
end
local function text_of(high, low)
  local sign = ''
  if high < 0 then
    sign, high, low = '-', -high, -low
    if low < 0 then high, low = high - 1, low + 1000000000 end
  end
  if high == 0 then return string.format('%s%.0f', sign, low) end
  return string.format('%s%.0f%09.0f', sign, high, low)
end
local function less(high, low, than_high, than_low)
  return high < than_high or (high == than_high and low < than_low)
end

local at = 19
local function next_arg()
  at = at + 1
  return ARGV[at]
end
local function next_list(count)
  local list = {}
  for i = 1, count do list[i] = next_arg() end
  return list
end

local raise = next_list(2 * tonumber(next_arg()))

-- A confirmation takes the place of the reservation it confirms (of the same type): what that holds is not counted
-- beside it.
local reserved, reservation, reserved_quantity, reserved_gateway, reserved_ordinal
local beside = {} -- "place/field" of its buckets
if ARGV[19] ~= '' then
  reserved = redis.call('HGET', KEYS[8], ARGV[19])
  local record = reserved and redis.call('HGET', holds, reserved)
  local quantity, type, year, month, day, gateway_and_boot, place_of_order =
    string.match(record or '', '^reserved|(%d+)|([^|]*)|(%d+)%-(%d+)%-(%d+)|[^|]*|[^|]*|([^|]*)|(%d+)|')
  if quantity and type == string.match(ARGV[6], '^|([^|]*)') then
    reservation, reserved_quantity, reserved_ordinal = record, quantity, place_of_order
    reserved_gateway = string.match(gateway_and_boot, '^[^/]*')
    for i, field in ipairs({string.sub(year, -2) .. month .. day, string.sub(year, -2) .. month}) do
      for n = 4 * i - 3, 4 * i, 2 do beside[raise[n] .. '/' .. field .. string.sub(raise[n + 1], -2)] = true end
    end
    for n = 9, #raise, 2 do beside[raise[n] .. '/' .. raise[n + 1]] = true end
  end
end

-- First what trimming leaves, then whether everything fits.
local limits = {}
local take_high, take_low = pair(ARGV[2])
for i = 1, tonumber(next_arg()) do
  local high, low = pair(next_arg())
  local trim = next_arg() == '1' and ARGV[3] == '1'
  local place = next_arg()
  local fields = next_list(tonumber(next_arg()))
  for n, value in ipairs(redis.call('HMGET', KEYS[tonumber(place)], unpack(fields))) do
    local h, l = pair(value or nil)
    high, low = high - h, low - l
    if beside[place .. '/' .. fields[n]] then
      h, l = pair(reserved_quantity)
      high, low = high + h, low + l
    end
    if low < 0 then high, low = high - 1, low + 1000000000 end
    if low >= 1000000000 then high, low = high + 1, low - 1000000000 end
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
if #arrivals > 0 then redis.call('HSET', usage, unpack(arrivals)) end
for bucket in pairs(beside) do
  local place, field = string.match(bucket, '^(%d+)/(.*)$')
  local key = KEYS[tonumber(place)]
  -- What has run out is not brought back.
  if redis.call('HEXISTS', key, field) == 1 then redis.call('HINCRBY', key, field, '-' .. reserved_quantity) end
end
if reservation then
  redis.call('HDEL', holds, reserved)
  redis.call('HDEL', KEYS[8], ARGV[19])
  if tonumber(reserved_ordinal) >= (tonumber(redis.call('HGET', known, reserved_gateway)) or 0) then
    redis.call('HSET', known, reserved_gateway .. '/' .. reserved_ordinal, 1)
  end
end
local new_day
for i = 1, #raise, 2 do
  local count = redis.call('HINCRBY', KEYS[tonumber(raise[i])], raise[i + 1], take)
  if i == 1 then new_day = count == tonumber(take) end -- the first of the day, or as good as that
end
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
