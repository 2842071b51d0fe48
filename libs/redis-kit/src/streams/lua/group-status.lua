-- Says how far a group is behind in a partition.
-- KEYS[1] log
-- KEYS[2] head
-- KEYS[3] group
-- KEYS[4] dead
-- KEYS[5] retry
-- ARGV[1] name: of the group
-- Reply: {ordinal of the log, last delivered id or '', pending, owner, ms of the lease left, dead letters, id of the oldest, sent back, now}
local ordinal = redis.call('HGET', KEYS[2], 'ordinal') or '0'
local delivered, pending = '', 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local found = {}
    for i = 1, #group, 2 do found[group[i]] = group[i + 1] end
    if found['name'] == ARGV[1] then
      delivered = found['last-delivered-id']
      pending = found['pending']
    end
  end
end
local state = redis.call('HMGET', KEYS[3], 'owner', 'until')
local left = math.max(0, tonumber(state[2] or 0) - now)
local oldest = redis.call('XRANGE', KEYS[4], '-', '+', 'COUNT', 1)[1]
return {ordinal, delivered, pending, state[1] or '', left, redis.call('XLEN', KEYS[4]), oldest and oldest[1] or '',
  redis.call('XLEN', KEYS[5]), text_of(now)}
