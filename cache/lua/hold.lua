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
--       20 how many counts of usage are named, 21 how many throttles, they: first the four that the hold raises (of all
--       types and of its own, ever and now), what limits ask for beside, the fence, each throttle's
--       then for days and for months: how many are named, they: first the two that the hold raises
--       then the number of limits, and for each: cap, "1" when it may trim, how many runs of what is named it counts, and
--       of each the hash (1 usage, 2 days, 3 months), the first and the last place among its names, from 1
--       then for each throttle: interval and tolerance in microseconds
-- returns {"taken", quantity, {left of each limit before}, hold id and record of the reservation whose place it took} |
--         {"over", {limit indexes from 0}, holds, usage, days, months} | {"throttled", milliseconds} |
--         {"fenced", serial}: the operator was revoked in a newer registry | {"lost"}: not what the gateway stood on |
--         {"void"} | {"in_flight"} | {"unknown"} | {"mismatch"} | {"replay", answer}
-- keeps   the sum of a limit's buckets <= its cap after every hold, and a refused order takes nothing
--         known: gateway -> floor, "gateway/ordinal" -> an order above the floor that is resolved. Any other order
--         above the floor that is no open hold was never counted here.
local call, ARGV, tonumber, format = redis.call, ARGV, tonumber, string.format
local usage, holds, idem, known, days, months = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[6], KEYS[7]
local id, gateway = ARGV[1], ARGV[9]

-- "" for the epoch: a cluster, whose masters the caller has compared; this is the one it meant, or not.
if ARGV[12] == '' then
  if not string.find(call('INFO', 'server'), 'run_id:' .. ARGV[14], 1, true) then return {'lost'} end
else
  local stands = call('HMGET', KEYS[5], 'open', 'run', 'j:' .. gateway)
  local here = stands[1] == ARGV[12] and stands[2] == ARGV[14]
  if not here or (tonumber(stands[3]) or -1) < tonumber(ARGV[13]) then return {'lost'} end
end

-- A hold that was given up before it arrived (the link broke) must not count now.
local known_of = call('HMGET', known, gateway, gateway .. '/' .. ARGV[10])
local told = tonumber(known_of[1] or nil) or 0
if tonumber(ARGV[10]) < told or known_of[2] or call('HEXISTS', holds, id) == 1 then return {'void'} end

-- What lies under these names, in their order; false: nothing. (No more can be passed at once.)
local function read(key, first, last)
  if last - first < 1000 then return call('HMGET', key, unpack(ARGV, first, last)) end
  local all = {}
  for from = first, last, 1000 do
    for i, value in ipairs(call('HMGET', key, unpack(ARGV, from, math.min(from + 999, last)))) do
      all[from - first + i] = value
    end
  end
  return all
end

-- Where the names stand among the arguments: of usage from 22 on.
local counts, throttles = tonumber(ARGV[20]), tonumber(ARGV[21])
local in_usage = read(usage, 22, 22 + counts + throttles)
local days_at = 24 + counts + throttles
local months_at = days_at + tonumber(ARGV[days_at - 1]) + 1
local at = months_at + tonumber(ARGV[months_at - 1]) -- of what comes behind

-- A revocation leaves its serial here: a gateway that has not heard of it yet must not hold by what it knew.
local fence = tonumber(in_usage[counts + 1] or nil)
if fence and fence > tonumber(ARGV[8]) then return {'fenced', fence} end

local content = ARGV[7]
if content ~= '' then
  local kept = call('HMGET', idem, 'content', 'state', 'answer')
  if kept[1] then
    if kept[1] ~= content then return {'mismatch'} end
    if kept[2] == 'finished' then return {'replay', kept[3]} end
    return {kept[2]} -- in_flight or unknown
  end
end

-- Lua's numbers are exact to 2^53 only, so a number is a pair: high * 10^9 + low. Nearly every high is 0, and low what it
-- all comes to; it stays exact, for it takes in less than 2^16 texts of at most eleven digits.
local billion = 1000000000
local function pair(text)
  if #text <= 11 then return 0, tonumber(text) end
  local sign, digits = string.match(text, '^(-?)(%d+)$')
  local high, low = tonumber(string.sub(digits, 1, -10)), tonumber(string.sub(digits, -9))
  if sign == '' then return high, low end
  return -high, -low
end
local function normal(high, low) -- 0 <= low < 10^9
  local carried = math.floor(low / billion)
  return high + carried, low - carried * billion
end
local function text_of(high, low)
  if high == 0 then return format('%d', low) end
  high, low = normal(high, low)
  if math.abs(high) < 1000000 then return format('%d', high * billion + low) end
  if high >= 0 then return format('%d%09d', high, low) end
  if low > 0 then return format('-%d%09d', -high - 1, billion - low) end
  return format('-%d%09d', -high, 0)
end

-- Of usage, days and months: what is counted, low parts in the place of the texts; the high ones that are not 0 beside.
local low_of = {in_usage, read(days, days_at, months_at - 2), read(months, months_at, at - 1)}
local high_of
for place, lows in ipairs(low_of) do
  for n = 1, place == 1 and counts or #lows do
    if lows[n] then
      local high, low = pair(lows[n])
      lows[n] = low
      if high ~= 0 then
        high_of = high_of or {{}, {}, {}}
        high_of[place][n] = high
      end
    end
  end
end
local function count_of(place, n) return high_of and high_of[place][n] or 0, low_of[place][n] or 0 end

-- A confirmation takes the place of the reservation it confirms (of the same type): what that holds is not counted
-- beside it.
local reserved, reservation, reserved_quantity, reserved_high, reserved_low, reserved_gateway, reserved_ordinal
local beside = {{}, {}, {}} -- of usage, days and months: place among the names -> a bucket that it raised
local beside_unasked = {} -- {hash, field} of the others
if ARGV[19] ~= '' then
  reserved = call('HGET', KEYS[8], ARGV[19])
  local record = reserved and call('HGET', holds, reserved)
  local quantity, type, year, month, day, gateway_and_boot, place_of_order =
    string.match(record or '', '^reserved|(%d+)|([^|]*)|(%d+)%-(%d+)%-(%d+)|[^|]*|[^|]*|([^|]*)|(%d+)|')
  if quantity and type == string.match(ARGV[6], '^|([^|]*)') then
    reservation, reserved_quantity, reserved_ordinal = record, quantity, place_of_order
    reserved_high, reserved_low = pair(quantity)
    reserved_gateway = string.match(gateway_and_boot, '^[^/]*')
    local function raised_then(place, key, first, begin)
      for today = first, first + 1 do
        local name, asked = begin .. string.sub(ARGV[today], -2), false
        for n = 1, #low_of[place] do
          if ARGV[first + n - 1] == name then beside[place][n], asked = true, true end
        end
        if not asked then beside_unasked[#beside_unasked + 1] = {key, name} end
      end
    end
    raised_then(2, days, days_at, string.sub(year, -2) .. month .. day)
    raised_then(3, months, months_at, string.sub(year, -2) .. month)
    beside[1] = {true, true, true, true}
  end
end

-- First what trimming leaves, then whether everything fits.
local take_high, take_low = pair(ARGV[2])
local limits = tonumber(ARGV[at])
local left_high, left_low = {}, {}
at = at + 1
for i = 1, limits do
  local high, low = pair(ARGV[at])
  local trim = ARGV[at + 1] == '1' and ARGV[3] == '1'
  local runs = tonumber(ARGV[at + 2])
  at = at + 3
  for run = 1, runs do
    local place = tonumber(ARGV[at])
    for n = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]) do
      local counted_high, counted_low = count_of(place, n)
      high, low = high - counted_high, low - counted_low
      if beside[place][n] then high, low = high + reserved_high, low + reserved_low end
    end
    at = at + 3
  end
  high, low = normal(high, low)
  left_high[i], left_low[i] = high, low
  if trim and (high > 0 or (high == 0 and low > 0)) and normal(high - take_high, low - take_low) < 0 then
    take_high, take_low = high, low
  end
end
local over, left = {}, {}
for i = 1, limits do
  if normal(left_high[i] - take_high, left_low[i] - take_low) < 0 then over[#over + 1] = i - 1 end
  left[i] = text_of(left_high[i], left_low[i])
end
if #over > 0 then
  return {'over', over, call('HGETALL', holds), call('HGETALL', usage), call('HGETALL', days), call('HGETALL', months)}
end

-- Throttles: a request may come when its theoretical arrival is at most the tolerance ahead of now.
local now, arrivals, wait = tonumber(ARGV[4]), {}, 0
for i = 1, throttles do
  local interval, tolerance = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  local arrival = math.max(tonumber(in_usage[counts + 1 + i] or nil) or 0, now)
  wait = math.max(wait, arrival - now - tolerance)
  arrivals[2 * i - 1], arrivals[2 * i] = ARGV[22 + counts + i], format('%d', arrival + interval)
end
if wait > 0 then return {'throttled', math.ceil(wait / 1000)} end

-- From here on everything passes: take.
local take = text_of(take_high, take_low)
-- What has run out is not brought back by what the reservation gives back.
if reservation then
  local keys, names_at = {usage, days, months}, {22, days_at, months_at}
  for place, key in ipairs(keys) do
    for n in pairs(beside[place]) do
      local high, low = count_of(place, n)
      if low_of[place][n] then
        high, low = high - reserved_high, low - reserved_low
        low_of[place][n] = low
        if high ~= 0 then
          high_of = high_of or {{}, {}, {}}
          high_of[place][n] = high
        end
        call('HSET', key, ARGV[names_at[place] + n - 1], text_of(high, low))
      end
    end
  end
  for _, bucket in ipairs(beside_unasked) do
    if call('HEXISTS', bucket[1], bucket[2]) == 1 then
      call('HINCRBY', bucket[1], bucket[2], '-' .. reserved_quantity)
    end
  end
  call('HDEL', holds, reserved)
  call('HDEL', KEYS[8], ARGV[19])
  if tonumber(reserved_ordinal) >= (tonumber(call('HGET', known, reserved_gateway)) or 0) then
    call('HSET', known, reserved_gateway .. '/' .. reserved_ordinal, 1)
  end
end
-- The first of the day, or as good as that.
local day_high, day_low = normal(count_of(2, 1))
local new_day = day_high == 0 and day_low == 0
local function raised(place, n)
  local high, low = count_of(place, n)
  return text_of(high + take_high, low + take_low)
end
call('HSET', usage, ARGV[22], raised(1, 1), ARGV[23], raised(1, 2), ARGV[24], raised(1, 3), ARGV[25], raised(1, 4),
  unpack(arrivals))
call('HSET', days, ARGV[days_at], raised(2, 1), ARGV[days_at + 1], raised(2, 2))
call('HSET', months, ARGV[months_at], raised(3, 1), ARGV[months_at + 1], raised(3, 2))
call('HSET', holds, id, ARGV[5] .. take .. ARGV[6])
if content ~= '' then call('HSET', idem, 'content', content, 'state', 'in_flight', 'hold', id) end

if tonumber(ARGV[11]) > told then call('HSET', known, gateway, ARGV[11]) end
-- What lies below its gateway's floor need not be told one by one. Not at every hold, but at one in sixteen (an id
-- ends by chance): few is as good as none.
if string.byte(id, -1) % 16 == 0 and call('HLEN', known) > 16 then
  for _, field in ipairs(call('HKEYS', known)) do
    local of, number = string.match(field, '^(.*)/(%d+)$')
    if of and tonumber(number) < (tonumber(call('HGET', known, of)) or 0) then call('HDEL', known, field) end
  end
end

-- Once a day, what no limit can ask for any more goes; all of it runs out when no day follows.
if new_day then
  for i, key in ipairs({days, months}) do
    for _, field in ipairs(call('HKEYS', key)) do
      if tonumber(field) < tonumber(ARGV[14 + i]) then call('HDEL', key, field) end
    end
    call('PEXPIRE', key, ARGV[16 + i])
  end
end
return {'taken', take, left, reserved or '', reservation or ''}
