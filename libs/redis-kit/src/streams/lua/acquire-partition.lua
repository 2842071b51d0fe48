-- Makes somebody the owner of a partition for a group, unless another one is. Each time with a new fence, which ends all that the one before still asks for.
-- KEYS[1] log
-- KEYS[2] group
-- ARGV[1] name: of the group
-- ARGV[2] owner
-- ARGV[3] leaseMs
-- ARGV[4] start: where a group that never was begins
-- Reply: {0, free in ms} owned by another; {1, fence, last delivered id, 1 when what is pending was left in order}
local state = redis.call('HMGET', KEYS[2], 'owner', 'until', 'fence', 'floor', 'clean')
local expires = tonumber(state[2] or 0)
if state[1] and state[1] ~= '' and state[1] ~= ARGV[2] and expires > now then return {0, expires - now} end

-- A group that was deleted begins anew where nothing before was left undone.
local created = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], state[4] or ARGV[4], 'MKSTREAM')
if created.err and not string.find(created.err, 'BUSYGROUP', 1, true) then return created end
local delivered = '0-0'
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local found = {}
  for i = 1, #group, 2 do found[group[i]] = group[i + 1] end
  if found['name'] == ARGV[1] then delivered = found['last-delivered-id'] end
end
-- Never smaller than one that was given out before a failover lost the group's state.
local fence = math.max(tonumber(state[3] or 0) + 1, now * 1000)
local is_clean = (state[1] == ARGV[2] or state[5] == '1') and 1 or 0
redis.call('HSET', KEYS[2], 'owner', ARGV[2], 'until', text_of(now + tonumber(ARGV[3])), 'fence', text_of(fence), 'clean', '0',
  'delivered', delivered, 'floor', state[4] or delivered)
return {1, text_of(fence), delivered, is_clean}
