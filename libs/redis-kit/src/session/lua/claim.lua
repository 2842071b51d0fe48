-- Ends the session of a guest who logged in, and hands its data over: to the first who asks, and as a copy to those who ask shortly after.
-- KEYS[1] session
-- ARGV[1] digest: of the secret the guest has
-- ARGV[2] keepMs: how long copies are handed out
-- Reply: {1, data} the first, {0, data} a copy, {-1} there is nothing
local record = redis.call('GET', KEYS[1])
local session = parse(record)
if session and session.user == '' and session.digest == ARGV[1] then
  redis.call('SET', KEYS[1], 'c|' .. ARGV[1] .. '\n' .. session.data, 'PX', ARGV[2])
  return {1, session.data}
end
local digest, at = string.match(record or '', '^c|([^\n]*)\n()')
if digest == ARGV[1] then return {0, string.sub(record, at)} end
return {-1}
