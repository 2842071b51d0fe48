-- Ends a session, and remembers for a while that it did, so that nothing brings it back. What a guest left to a login stays for its copies.
-- KEYS[1] session
-- KEYS[2] grace
-- KEYS[3] index
-- KEYS[4] devices
-- ARGV[1] handle
-- ARGV[2] endedMs
-- Reply: 1 it was there, 0 it was not
local record = redis.call('GET', KEYS[1])
local was_there = redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1], ARGV[1] .. '!')
redis.call('DEL', KEYS[2])
if not record or string.sub(record, 1, 1) == 'c' then return was_there end
redis.call('SET', KEYS[1], 'x', 'PX', ARGV[2])
return record ~= 'x' and 1 or was_there
