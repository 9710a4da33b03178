-- Numbers given back: what is held falls, windows and the lifetime keep what they counted.
--
-- KEYS  1 usage, 2 numbers, 3 epoch, 4 holds, 5 gone, 6 past (settle.lua)
-- ARGV  1 epoch, 2 run id of the server: what the caller stands on, 3 when they were given back, in milliseconds
--       then number, decision that is believed to have granted it ("": none), decision of a later grant that stays whenever
--         it was told here ("": none), ...
-- keeps   what is given back is what was held until then: a grant that came later stays. Clocks may differ a little,
--         so the grant that is named counts in any case. While orders are open, one of them may be the grant, not yet
--         told here: then it is noted that the number is gone. Of several times at which a tenure is said to have
--         ended, the earliest counts.
-- returns {"lost"}: the grant may not be here yet | the numbers that were held until now, each with the decision that granted it
local usage, numbers = KEYS[1], KEYS[2]
-- "" for the epoch: a cluster, whose masters the caller has compared; this is the one it meant, or not.
local function is_server(run) return string.find(redis.call('INFO', 'server'), 'run_id:' .. run, 1, true) ~= nil end
local function stands_here()
  if ARGV[1] == '' then return is_server(ARGV[2]) end
  local stands = redis.call('HMGET', KEYS[3], 'open', 'run')
  return stands[1] == ARGV[1] and stands[2] == ARGV[2]
end
if not stands_here() then return {'lost'} end
-- By the clock of another gateway it may have begun a little later than it ended.
local function ended(tenure, type, since, of)
  local at = tonumber(since) > tonumber(ARGV[3]) and since or ARGV[3]
  redis.call('HSET', KEYS[6], tenure, type .. '|' .. since .. '|' .. at .. '|' .. of)
end

local released = {'released'}
local some_open = redis.call('EXISTS', KEYS[4]) == 1
for i = 4, #ARGV, 3 do
  local number, decision, later = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if some_open then
    local noted = string.match(redis.call('HGET', KEYS[5], number) or '', '^%d+')
    if tonumber(ARGV[3]) > (tonumber(noted) or -1) then
      redis.call('HSET', KEYS[5], number, later == '' and ARGV[3] or ARGV[3] .. '|' .. later)
    end
  end
  local record = redis.call('HGET', numbers, number)
  local type, since, by, of = string.match(record or '', '^([^|]*)|(%d+)|([^|]*)|(.*)$')
  if record and (by == decision or (by ~= later and tonumber(since) <= tonumber(ARGV[3]))) then
    ended(number .. '|' .. by, type, since, of)
    redis.call('HDEL', numbers, number)
    redis.call('HINCRBY', usage, 'N', -1)
    redis.call('HINCRBY', usage, 'N.' .. type, -1)
    released[#released + 1] = number
    released[#released + 1] = by
  else
    local tenure = number .. '|' .. decision
    local type, since, at, of = string.match(redis.call('HGET', KEYS[6], tenure) or '', '^([^|]*)|(%d+)|(%d+)|(.*)$')
    if at and tonumber(at) > tonumber(ARGV[3]) then ended(tenure, type, since, of) end
  end
end
return released
