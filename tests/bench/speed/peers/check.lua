-- The answer to a subrequest: may this caller have as many as the header says?
local operator, most, limit = caller()
if not operator then return ngx.exit(401) end
local quantity, key = tonumber(ngx.var.http_x_quantity), ngx.var.http_idempotency_key
if not key or not quantity or quantity > most then return ngx.exit(403) end
local answer = call('hold', 'usage:{' .. operator .. '}', 'hold:{' .. operator .. '}:' .. key, quantity, limit, 60000)
if not answer then return ngx.exit(503) end
return ngx.exit(answer[1] == 1 and 204 or 403)
