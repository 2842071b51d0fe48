-- Keeps a snapshot, unless a later one is there or the stream has another event at its version.
-- KEYS[1] events
-- KEYS[2] snapshot
-- ARGV[1] version
-- ARGV[2] eventId: id of the event at that version
-- ARGV[3] schema
-- ARGV[4] state
-- Reply: 1 kept, 0 not
local stored = redis.call('HMGET', KEYS[2], 'version', 'event', 'schema')
local version = tonumber(ARGV[1])
local entry = redis.call('XRANGE', KEYS[1], version .. '-0', version .. '-0')[1]
local function event_at(found)
  for i = 1, found and #found[2] or 0, 2 do
    if found[2][i] == 'id' then return found[2][i + 1] end
  end
end
if event_at(entry) ~= ARGV[2] then return 0 end
if stored[3] == ARGV[3] and tonumber(stored[1]) >= version then
  local other = redis.call('XRANGE', KEYS[1], stored[1] .. '-0', stored[1] .. '-0')[1]
  -- One that was lost in a failover is later and worth nothing.
  if event_at(other) == stored[2] then return 0 end
end
redis.call('HSET', KEYS[2], 'version', ARGV[1], 'event', ARGV[2], 'schema', ARGV[3], 'state', ARGV[4])
return 1
