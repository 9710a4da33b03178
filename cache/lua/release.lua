-- Numbers given back: what is held falls, windows and the lifetime keep what they counted.
--
-- KEYS  1 usage, 2 numbers, 3 epoch
-- ARGV  1 epoch, 2 run id of the server: what the caller stands on; then number, decision that granted it ("": any), ...
-- returns {"lost"}: the grant may not be here yet | the numbers that were held until now, each with its record
local usage, numbers = KEYS[1], KEYS[2]
local stands = redis.call('HMGET', KEYS[3], 'open', 'run')
if stands[1] ~= ARGV[1] or stands[2] ~= ARGV[2] then return {'lost'} end
local released = {'released'}
for i = 3, #ARGV, 2 do
  local record = redis.call('HGET', numbers, ARGV[i])
  if record and (ARGV[i + 1] == '' or string.match(record, '^[^|]*|[^|]*|([^|]*)|') == ARGV[i + 1]) then
    redis.call('HDEL', numbers, ARGV[i])
    redis.call('HINCRBY', usage, 'N', -1)
    redis.call('HINCRBY', usage, 'N.' .. string.match(record, '^[^|]*'), -1)
    released[#released + 1] = ARGV[i]
    released[#released + 1] = record
  end
end
return released
