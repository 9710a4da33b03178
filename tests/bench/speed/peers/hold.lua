-- The simplest hold: one limit, no window, no throttle, nothing kept for a repeated order but its state.
-- KEYS  1 usage of the operator, 2 the hold;  ARGV  1 quantity, 2 limit, 3 for how many milliseconds
local state = redis.call('HGET', KEYS[2], 'state')
if state then return {2, state} end
local counts = redis.call('HMGET', KEYS[1], 'granted', 'held')
local quantity = tonumber(ARGV[1])
local after = (tonumber(counts[1]) or 0) + (tonumber(counts[2]) or 0) + quantity
if after > tonumber(ARGV[2]) then return {0, after} end
redis.call('HINCRBY', KEYS[1], 'held', quantity)
redis.call('HSET', KEYS[2], 'state', 'held', 'quantity', quantity)
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {1, after}
