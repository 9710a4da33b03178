-- Fold records of a large change into the present: some hundred at a time, so that no order waits long.
--
-- KEYS  1 operators
-- ARGV  1 serial of the change, then operator, record of each
-- returns how many were put in place
-- keeps   a record that a newer change has put in place already stays; what is replaced goes to the operator's past.
--         Doing it twice does nothing.
local operators, serial = KEYS[1], tonumber(ARGV[1])
local put = {}
for i = 2, #ARGV, 2 do
  local before = redis.call('HGET', operators, ARGV[i])
  local known = before and tonumber(string.match(before, '^{"serial":(%d+)') or '0')
  if not before or known < serial then
    if before then redis.call('RPUSH', 'sekisho:{registry}:past:' .. ARGV[i], before) end
    put[#put + 1] = ARGV[i]
    put[#put + 1] = ARGV[i + 1]
  end
end
if #put > 0 then redis.call('HSET', operators, unpack(put)) end
return #put / 2
