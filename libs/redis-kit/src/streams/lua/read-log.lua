-- Reads a log onwards from a position; when there is nothing, the next append tells the channel of the partition.
-- KEYS[1] log
-- KEYS[2] head
-- ARGV[1] after: a position
-- ARGV[2] limit
-- Reply: entries of the log
local entries = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
if #entries == 0 then redis.call('HSET', KEYS[2], 'waiting', '1') end
return entries
