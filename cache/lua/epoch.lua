-- Epochs of the ledger (cache/epochs.h says what they are for).
--
-- KEYS  1 epoch (hash): epoch, run (the server's run id), open (the epoch, once nobody is waited for), and for each gateway
--       j:<gateway> -> its position, w:<gateway> while it is waited for, f:<gateway> after it ended well
-- ARGV  1 beat, 2 gateway, 3 run id, 4 highest epoch it saw, 5 confirmed position, 6 position now, 7 "1": it has a past,
--         8 "1": an order is missing that was counted in the epoch it saw
--         9 "": one server; on a cluster how far all its masters have each gateway (cache/redis_witness.h): "?" when they
--           have not been asked, or a number of gateways, then each with its position. Then gateways it ever saw
--       1 told, 2 gateway, 3 epoch
--       1 leave, 2 gateway, 3 epoch, 4 position
--       1 retire, 2 gateway
--       1 look, 2 ""
-- returns beat, look: {epoch, "1" when open, "1" when it is waited for, its position, {waiting}, {gateways}, {their positions}};
--         beat: {"ask"}: the masters first, for a new epoch begins; else 1 | 0: not this epoch
-- keeps   nothing is open while a gateway is waited for; a position never falls within an epoch
local key, verb, gateway = KEYS[1], ARGV[1], ARGV[2]

local function listed(prefix)
  local list = {}
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 2) == prefix then list[#list + 1] = string.sub(field, 3) end
  end
  table.sort(list)
  return list
end
local function open_if_all_told()
  if #listed('w:') == 0 then redis.call('HSET', key, 'open', redis.call('HGET', key, 'epoch')) end
end
local function number(field) return tonumber(redis.call('HGET', key, field)) or 0 end
local function put_position(text)
  if tonumber(text) > number('j:' .. gateway) then redis.call('HSET', key, 'j:' .. gateway, text) end
end

local function view(epoch, waited)
  local open, all, positions = redis.call('HGET', key, 'open') == epoch, listed('j:'), {}
  for i, one in ipairs(all) do positions[i] = redis.call('HGET', key, 'j:' .. one) end
  local mine = redis.call('HGET', key, 'j:' .. gateway) or '0'
  return {epoch, open and '1' or '0', tostring(waited), mine, listed('w:'), all, positions}
end

if verb == 'look' then return view(redis.call('HGET', key, 'epoch') or '0', 0) end
if verb == 'retire' then
  redis.call('HDEL', key, 'j:' .. gateway, 'w:' .. gateway, 'f:' .. gateway)
  if redis.call('EXISTS', key) == 1 then open_if_all_told() end
  return 1
end
if verb == 'told' then
  if redis.call('HGET', key, 'epoch') ~= ARGV[3] then return 0 end
  redis.call('HDEL', key, 'w:' .. gateway)
  open_if_all_told()
  return 1
end
if verb == 'leave' then
  if redis.call('HGET', key, 'open') ~= ARGV[3] then return 0 end
  put_position(ARGV[4])
  redis.call('HSET', key, 'f:' .. gateway, 1)
  return 1
end

local epoch = redis.call('HGET', key, 'epoch')
local forgotten = redis.call('HEXISTS', key, 'j:' .. gateway) == 0 and ARGV[7] == '1'
local clustered = ARGV[9] ~= ''
-- What began after the epoch that this gateway saw may, on a cluster, have lowered its position.
local fallen = number('j:' .. gateway) < tonumber(ARGV[5]) and (not clustered or epoch == ARGV[4])
if not epoch or redis.call('HGET', key, 'run') ~= ARGV[3] or tonumber(epoch) < tonumber(ARGV[4])
   or fallen or forgotten or (ARGV[8] == '1' and epoch == ARGV[4]) then
  if ARGV[9] == '?' then return {'ask'} end
  local witnesses, everywhere = tonumber(ARGV[9]) or 0, {}
  for i = 10, 9 + 2 * witnesses, 2 do everywhere[ARGV[i]] = ARGV[i + 1] end
  local ended = {}
  for _, one in ipairs(listed('f:')) do ended[one] = true end
  local highest = math.max(tonumber(epoch) or 0, tonumber(ARGV[4]))
  local time = redis.call('TIME')
  local begun = (tonumber(time[1]) * 1000000 + tonumber(time[2])) % 4294967296
  epoch = string.format('%.0f', (math.floor(highest / 4294967296) + 1) * 4294967296 + begun)
  redis.call('HSET', key, 'epoch', epoch, 'run', ARGV[3])
  redis.call('HDEL', key, 'open')
  local all = listed('j:')
  all[#all + 1] = gateway
  for i = 10 + 2 * witnesses, #ARGV do all[#all + 1] = ARGV[i] end
  for _, one in ipairs(all) do
    redis.call('HSETNX', key, 'j:' .. one, 0)
    -- Also who ended well is waited for, where a master has not all that he counted.
    local lost = clustered and number('j:' .. one) > (tonumber(everywhere[one]) or 0)
    if lost then redis.call('HSET', key, 'j:' .. one, everywhere[one] or '0') end
    if one == gateway or not ended[one] or lost then redis.call('HSET', key, 'w:' .. one, 1) end
  end
end
redis.call('HDEL', key, 'f:' .. gateway)
redis.call('HSETNX', key, 'j:' .. gateway, 0)
local waited = redis.call('HEXISTS', key, 'w:' .. gateway)
-- A position that was reached in another epoch says nothing about this one.
if waited == 0 and epoch == ARGV[4] then put_position(ARGV[6]) end
return view(epoch, waited)
