-- Numbers given back: what is held falls, windows and the lifetime keep what they counted.
--
-- KEYS  1 usage, 2 numbers
-- ARGV  the numbers
-- returns the numbers that were held until now (the same number twice counts once)
local usage, numbers = KEYS[1], KEYS[2]
local released = {}
for _, number in ipairs(ARGV) do
  local record = redis.call('HGET', numbers, number)
  if record then
    redis.call('HDEL', numbers, number)
    redis.call('HINCRBY', usage, 'N', -1)
    redis.call('HINCRBY', usage, 'N.' .. string.match(record, '^[^|]*'), -1)
    released[#released + 1] = number
    released[#released + 1] = record
  end
end
return released
