-- The simplest settlement: all that was held is granted.
-- KEYS  as in hold.lua;  ARGV  1 for how many milliseconds
local hold = redis.call('HMGET', KEYS[2], 'state', 'quantity')
if hold[1] ~= 'held' then return 0 end
local quantity = tonumber(hold[2])
redis.call('HINCRBY', KEYS[1], 'held', -quantity)
redis.call('HINCRBY', KEYS[1], 'granted', quantity)
redis.call('HSET', KEYS[2], 'state', 'granted')
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return 1
