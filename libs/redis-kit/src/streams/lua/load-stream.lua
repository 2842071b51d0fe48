-- Reads the snapshot of a stream and what came after it, or the stream from its beginning when there is no good one.
-- KEYS[1] events
-- KEYS[2] snapshot
-- ARGV[1] schema: of the snapshots that are wanted
-- ARGV[2] limit
-- Reply: {snapshot or nothing, entries of the stream}
local snapshot = redis.call('HMGET', KEYS[2], 'version', 'event', 'schema', 'state')
local after = '0-0'
if snapshot[3] == ARGV[1] then
  local at = snapshot[1] .. '-0'
  local entry = redis.call('XRANGE', KEYS[1], at, at)[1]
  for i = 1, entry and #entry[2] or 0, 2 do
    -- A failover may have put another event at this version.
    if entry[2][i] == 'id' and entry[2][i + 1] == snapshot[2] then after = at end
  end
end
return {after == '0-0' and {} or snapshot, redis.call('XRANGE', KEYS[1], '(' .. after, '+', 'COUNT', ARGV[2])}
