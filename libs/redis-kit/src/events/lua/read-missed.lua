-- Reads what a subscriber has not seen of the history of a partition, and what it needs to judge whether that is everything.
-- KEYS[1] log
-- ARGV[1] cursor: the id it saw last, empty to learn only where the history ends
-- ARGV[2] count: most entries of one read
-- Reply: {newest id, oldest id, whether the cursor's entry is there, entries after the cursor}; ids are 0-0 when there is no history
local log = KEYS[1]
local cursor = ARGV[1]
local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if not newest then
  return {'0-0', '0-0', 0, {}}
end
if cursor == '' or cursor == newest[1] then
  return {newest[1], newest[1], 1, {}}
end
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local is_there = #redis.call('XRANGE', log, cursor, cursor, 'COUNT', 1)
return {newest[1], oldest[1], is_there, redis.call('XRANGE', log, '(' .. cursor, '+', 'COUNT', ARGV[2])}
