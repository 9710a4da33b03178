-- Before the first request: who may call (as many clients as the gate's file has), and the scripts' digests.
local clients = ngx.shared.clients
for n = 1, @CLIENTS@ do
  clients:set(string.format('key-ok-%026d', n), string.format('op%d|1000|1000000000', n % @OPERATORS@))
end
local function digest(name)
  local file = io.open(name .. '.sha')
  local text = file:read('*a')
  file:close()
  return (text:gsub('%s', ''))
end
cjson, redis = require 'cjson.safe', require 'nginx.redis'
SCRIPTS = {hold = digest('hold'), commit = digest('commit')}

-- Calls one script on a pooled connection; nil when Redis does not answer.
function call(script, ...)
  local link = redis:new()
  link:set_timeout(500)
  if not link:connect('unix:@REDIS@') then return nil end
  local answer = link:evalsha(SCRIPTS[script], 2, ...)
  if answer then link:set_keepalive(60000, 128) end
  return answer
end

-- Who calls: operator, the most of one order, the limit; nil for nobody.
function caller()
  local known = clients:get(ngx.var.http_x_api_key or '')
  if not known then return nil end
  local operator, most, limit = known:match('^([^|]+)|(%d+)|(%d+)$')
  return operator, tonumber(most), limit
end
