-- Writes down how often the handling of an event has begun.
-- KEYS[1] group
-- KEYS[2] attempts
-- ARGV[1] fence
-- ARGV[2] id
-- ARGV[3] count
-- Reply: 1 written, 0 somebody else is the owner
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
