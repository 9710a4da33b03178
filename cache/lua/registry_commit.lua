-- Commit one change of the registry: all staged records at once, under the next serial.
--
-- KEYS  1 operators, 2 events, 3 meta, 4 staging (hash: id -> record, already stamped with the next serial)
-- ARGV  1 the serial that the writer saw, 2 kind of the change, 3 at (ms), 4 by, 5 reason,
--       6 a fresh epoch (kept only when there is none yet), then field, value pairs for meta
-- returns the new serial, or 0 when somebody else committed meanwhile (nothing was changed)
-- keeps   gateways see every record of a change, and then its `commit` entry: they swap whole
local operators, events, meta, staging = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local serial = tonumber(redis.call('HGET', meta, 'serial') or '0')
if serial ~= tonumber(ARGV[1]) then
  redis.call('DEL', staging)
  return 0
end
serial = serial + 1

local staged = redis.call('HGETALL', staging)
local at = 1
while at <= #staged do
  -- A stream entry carries up to 200 records, so that a large import is neither one huge entry nor a million.
  local entry = {'serial', serial}
  for i = at, math.min(at + 399, #staged), 2 do
    redis.call('HSET', operators, staged[i], staged[i + 1])
    entry[#entry + 1] = 'record'
    entry[#entry + 1] = staged[i + 1]
  end
  redis.call('XADD', events, 'MAXLEN', '~', 200000, '*', unpack(entry))
  at = at + 400
end
redis.call('DEL', staging)

redis.call('HSETNX', meta, 'epoch', ARGV[6])
redis.call('HSET', meta, 'serial', serial)
local commit = {'serial', serial, 'commit', ARGV[2], 'at', ARGV[3], 'by', ARGV[4], 'reason', ARGV[5]}
for i = 7, #ARGV, 2 do
  redis.call('HSET', meta, ARGV[i], ARGV[i + 1])
  commit[#commit + 1] = 'meta.' .. ARGV[i]
  commit[#commit + 1] = ARGV[i + 1]
end
redis.call('XADD', events, 'MAXLEN', '~', 200000, '*', unpack(commit))
return serial
