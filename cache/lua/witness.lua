-- On a cluster: a master's own copy of every gateway's position (cache/redis_witness.h says what for).
--
-- KEYS  1 witness (hash): epoch, slots (of this master when it was written), and j:<gateway> -> its position
-- ARGV  1 "read", 2 run id of the server that is meant
--       1 "write", 2 run id, 3 epoch, 4 "1": it was written here before, 5 slots, then gateway, position of each
-- returns {"elsewhere"}: this is another server | read: {"is", slots, gateway, position, ...}
--         | write: {"written"} | {"gone"}: it is not here any more | {"later"}: here is one of a later epoch
-- keeps   a position stands here only when all that it vouches for was counted on this server before
local key = KEYS[1]
if not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[2], 1, true) then return {'elsewhere'} end
if ARGV[1] == 'read' then
  local is = {'is', redis.call('HGET', key, 'slots') or ''}
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'j:' then
      is[#is + 1] = string.sub(all[i], 3)
      is[#is + 1] = all[i + 1]
    end
  end
  return is
end
local epoch = redis.call('HGET', key, 'epoch')
if not epoch and ARGV[4] == '1' then return {'gone'} end
if epoch and tonumber(epoch) > tonumber(ARGV[3]) then return {'later'} end
redis.call('DEL', key)
redis.call('HSET', key, 'epoch', ARGV[3], 'slots', ARGV[5])
for i = 6, #ARGV, 2 do redis.call('HSET', key, 'j:' .. ARGV[i], ARGV[i + 1]) end
return {'written'}
