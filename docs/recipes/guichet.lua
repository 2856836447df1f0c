-- Asks Guichet about each call: `http-request lua.guichet`. It answers a refusal itself, and sets txn.guichet to "allowed".
local address = "http://127.0.0.1:3001/authz/forward-auth"

local asked_with = { "authorization", "x-api-key", "sec-websocket-protocol", "accept", "user-agent", "x-request-id" }
local told_upstream = {
  "x-auth-subject", "x-auth-client", "x-auth-key-id", "x-auth-scope", "x-auth-session", "x-request-id", "authorization",
}
local told_client = {
  "content-type", "cache-control", "www-authenticate", "retry-after", "allow", "x-request-id", "ratelimit", "ratelimit-policy",
}

local function question(txn)
  local sent = txn.http:req_get_headers()
  local headers = {
    ["x-forwarded-method"] = { txn.f:method() },
    -- As it was sent: what is tidied here would not be what the upstream gets.
    ["x-forwarded-uri"] = { txn.f:url() },
    ["x-forwarded-host"] = { txn.f:req_hdr("host") or "" },
    ["x-forwarded-for"] = { txn.f:src() },
  }
  for _, name in ipairs(asked_with) do
    local values = {}
    for _, value in pairs(sent[name] or {}) do table.insert(values, value) end
    if #values > 0 then headers[name] = values end
  end
  return headers
end

local function refuse(txn, answer)
  local reply = txn:reply({ status = answer.status })
  for _, name in ipairs(told_client) do
    for _, value in pairs(answer.headers[name] or {}) do reply:add_header(name, value) end
  end
  reply:set_body(answer.body or "")
  txn:done(reply)
end

-- A browser shows its token among the subprotocols; the upstream does not get to see it.
local function hide_token(http, protocols)
  local kept = {}
  for _, text in pairs(protocols) do
    for protocol in text:gmatch("[^,%s]+") do
      if protocol:sub(1, 14) ~= "guichet.token." then table.insert(kept, protocol) end
    end
  end
  http:req_del_header("sec-websocket-protocol")
  if #kept > 0 then http:req_set_header("sec-websocket-protocol", table.concat(kept, ", ")) end
end

core.register_action("guichet", { "http-req" }, function(txn)
  local answer = core.httpclient():get({ url = address, headers = question(txn) })
  if answer.status >= 400 then return refuse(txn, answer) end
  if answer.status ~= 200 then return end
  for _, name in ipairs(told_upstream) do
    local value = answer.headers[name] and answer.headers[name][0]
    txn.http:req_del_header(name)
    if value ~= nil then txn.http:req_set_header(name, value) end
  end
  txn.http:req_del_header("x-api-key")
  hide_token(txn.http, txn.http:req_get_headers()["sec-websocket-protocol"] or {})
  txn:set_var("txn.guichet", "allowed")
end, 0)
