-- One order before it goes on: who, what, and a hold.
local operator, most, limit = caller()
if not operator then return ngx.exit(401) end
ngx.req.read_body()
local order = cjson.decode(ngx.req.get_body_data() or '')
if type(order) ~= 'table' or type(order.quantity) ~= 'number' then return ngx.exit(400) end
local quantity, key = order.quantity, ngx.var.http_idempotency_key
if not key or quantity < 1 or quantity > most or order.numberType ~= 'FIXED' then return ngx.exit(422) end
local usage, hold = 'usage:{' .. operator .. '}', 'hold:{' .. operator .. '}:' .. key
local answer = call('hold', usage, hold, quantity, limit, 60000)
if not answer then return ngx.exit(503) end
if answer[1] ~= 1 then return ngx.exit(answer[1] == 0 and 429 or 409) end
ngx.ctx.usage, ngx.ctx.hold = usage, hold
