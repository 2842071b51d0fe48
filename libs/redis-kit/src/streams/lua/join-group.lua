-- Says that a process takes part in a group, or no longer does, and counts those that do.
-- KEYS[1] members
-- ARGV[1] member
-- ARGV[2] ttlMs: 0 to leave
-- Reply: how many there are
local ttl = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text_of(now))
if ttl == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], text_of(now + ttl), ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ttl * 2)
end
return redis.call('ZCARD', KEYS[1])
