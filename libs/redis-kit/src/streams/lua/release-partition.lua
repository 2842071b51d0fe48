-- Gives a partition back, with what is pending in order: whoever is next need not suspect it.
-- KEYS[1] group
-- ARGV[1] fence
-- ARGV[2] channel
-- Reply: 1 given back, 0 somebody else is the owner
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', '', 'until', '0', 'clean', '1')
redis.call('PUBLISH', ARGV[2], '')
return 1
