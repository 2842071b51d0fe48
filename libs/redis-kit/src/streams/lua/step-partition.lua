-- One step of an owner: acknowledges, renews the lease, and reads into the room there is.
-- KEYS[1] log
-- KEYS[2] head
-- KEYS[3] group
-- KEYS[4] attempts
-- KEYS[5] retry
-- ARGV[1] name: of the group
-- ARGV[2] fence
-- ARGV[3] leaseMs
-- ARGV[4] room
-- ARGV[5] after: '>' for new events, or an id to read what is pending after it
-- ARGV[6] retryAfter: an id to read events that were sent back after it, empty for none
-- ARGV[7] logAcks: how many of the following are of the log; the others were sent back
-- ARGV[8...] acks
-- Reply: {'ok', entries, sent back, attempts of both: -1 where none is written}, {'lost'} to another owner, {'no-group'}
local state = redis.call('HMGET', KEYS[3], 'fence', 'delivered')
if state[1] ~= ARGV[2] then return {'lost'} end
for i = 8, #ARGV do
  local is_log = i < 8 + tonumber(ARGV[7])
  if is_log then redis.call('XACK', KEYS[1], ARGV[1], ARGV[i]) else redis.call('XDEL', KEYS[5], ARGV[i]) end
end
if redis.call('EXISTS', KEYS[4]) == 1 then
  for i = 8, #ARGV do redis.call('HDEL', KEYS[4], ARGV[i]) end
end

local room = tonumber(ARGV[4])
local entries, again, attempts = {}, {}, {}
if room > 0 then
  local reply = redis.pcall('XREADGROUP', 'GROUP', ARGV[1], 'owner', 'COUNT', room, 'STREAMS', KEYS[1], ARGV[5])
  if reply and reply.err then
    return string.find(reply.err, 'NOGROUP', 1, true) and {'no-group'} or reply
  end
  entries = reply and reply[1][2] or {}
end
if #entries < room and ARGV[6] ~= '' then
  again = redis.call('XRANGE', KEYS[5], '(' .. ARGV[6], '+', 'COUNT', room - #entries)
end
local is_new = ARGV[5] == '>'
local delivered = is_new and #entries > 0 and entries[#entries][1] or state[2]
if room > 0 and is_new and #entries + #again == 0 then redis.call('HSET', KEYS[2], 'waiting', '1') end
if not is_new or #again > 0 then
  for _, list in ipairs({entries, again}) do
    for i = 1, #list do attempts[#attempts + 1] = tonumber(redis.call('HGET', KEYS[4], list[i][1]) or -1) end
  end
end

-- Nothing at or below the floor is undone.
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1])
if pending.err then return {'no-group'} end
local floor = delivered
if pending[1] > 0 then
  local ms, seq = string.match(pending[2], '^(%d+)-(%d+)$')
  floor = seq == '0' and text_of(tonumber(ms) - 1) .. '-18446744073709551615' or ms .. '-' .. text_of(tonumber(seq) - 1)
end
redis.call('HSET', KEYS[3], 'until', text_of(now + tonumber(ARGV[3])), 'delivered', delivered, 'floor', floor)
return {'ok', entries, again, attempts}
