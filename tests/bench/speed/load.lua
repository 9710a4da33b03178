-- wrk's requests: an order of 327 bytes (or BODY bytes), a key of many clients' in turn, an idempotency key of its own.
-- env: KEYS the family of keys ("ok", "revoked", ...), CLIENTS how many, TARGET the path, BODY bytes, PAUSE mean
-- milliseconds between an answer and the next order of a connection.
local family, clients = os.getenv('KEYS') or 'ok', tonumber(os.getenv('CLIENTS') or '1000')
local target, bytes = os.getenv('TARGET') or '/v1/number-orders', tonumber(os.getenv('BODY') or '327')
local pause = tonumber(os.getenv('PAUSE') or '0')

local body = '{"orderType":"allocation","quantity":2,"numberType":"FIXED","country":"JP","prefecture":"Tokyo",' ..
  '"areaCode":"03","customer":{"id":"cus_8f3a2b1c","name":"Example Telecom K.K."},"features":["voice","fax"],' ..
  '"note":""}'
body = body:gsub('"note":""', function() return '"note":"' .. string.rep('x', bytes - #body) .. '"' end)

local heads, count, base = {}, 0, ''
function init(_)
  math.randomseed(os.time())
  base = string.format('%08x', math.random(0, 0x7fffffff))
  for n = 1, clients do
    heads[n] = table.concat({
      'POST ' .. target .. ' HTTP/1.1', 'Host: gate.test', 'User-Agent: bench/1', 'Accept: application/json',
      'Content-Type: application/json', 'X-Api-Key: ' .. string.format('key-%s-%026d', family, n),
      'Content-Length: ' .. #body, 'Idempotency-Key: ' .. base}, '\r\n')
  end
end

function request()
  count = count + 1
  return heads[count % clients + 1] .. string.format('%010d', count) .. '\r\n\r\n' .. body
end

if pause > 0 then
  function delay() return math.floor(math.random() * 2 * pause + 0.5) end
end
