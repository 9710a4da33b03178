-- Commit one change of the registry under the next serial: the present, what it was before, and how it became so.
--
-- KEYS  1 operators, 2 events, 3 meta, 4 staging (list of batches; read only when there are batches)
-- ARGV  1 the serial that the writer saw, 2 id of the change, 3 a fresh epoch (kept only when there is none yet)
--       4 kind, 5 at (ms), 6 by, 7 reason, 8 number of records, 9 number of batches that hold them (0: they follow here)
--       10 number of meta pairs, then field, value of each, then operator, record of each
-- returns the new serial | 0: somebody else committed meanwhile | -1: an earlier large change is not folded in yet
--         | -2: the staged batches are not whole. Nothing is changed then.
-- keeps   one entry in the stream for each change, that names the change before it: a gateway sees that it missed one.
--         A large change costs this script nothing: its batches are folded into the present by registry_fold.lua,
--         and until then whoever loads the present lays them over it.
local operators, events, meta, staging = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local serial = tonumber(redis.call('HGET', meta, 'serial') or '0')
if serial ~= tonumber(ARGV[1]) then return 0 end
local batches = tonumber(ARGV[9])
if batches > 0 then
  if redis.call('HEXISTS', meta, 'unfolded') == 1 then return -1 end
  if redis.call('LLEN', staging) ~= batches then return -2 end
end
serial = serial + 1

local entry = {'serial', serial, 'id', ARGV[2], 'after', redis.call('HGET', meta, 'head') or '', 'kind', ARGV[4],
               'at', ARGV[5], 'by', ARGV[6], 'reason', ARGV[7], 'count', ARGV[8], 'batches', ARGV[9]}
redis.call('HSETNX', meta, 'epoch', ARGV[3])
redis.call('HSET', meta, 'serial', serial, 'head', ARGV[2])
local at = 11
for _ = 1, tonumber(ARGV[10]) do
  redis.call('HSET', meta, ARGV[at], ARGV[at + 1])
  entry[#entry + 1] = 'meta.' .. ARGV[at]
  entry[#entry + 1] = ARGV[at + 1]
  at = at + 2
end
for i = at, #ARGV, 2 do
  local before = redis.call('HGET', operators, ARGV[i])
  if before then redis.call('RPUSH', 'sekisho:{registry}:past:' .. ARGV[i], before) end
  redis.call('HSET', operators, ARGV[i], ARGV[i + 1])
  entry[#entry + 1] = 'record'
  entry[#entry + 1] = ARGV[i + 1]
end
if batches > 0 then
  redis.call('RENAME', staging, 'sekisho:{registry}:change:' .. serial)
  redis.call('PERSIST', 'sekisho:{registry}:change:' .. serial)
  redis.call('HSET', meta, 'unfolded', serial)
end
redis.call('XADD', events, '*', unpack(entry))
return serial
