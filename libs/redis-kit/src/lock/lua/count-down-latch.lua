-- Counts down, once for each id, and tells those who wait when it is the last; without an id it only looks. The latch lives for its ttl after the last count.
-- KEYS[1] latch
-- ARGV[1] id
-- ARGV[2] count
-- ARGV[3] ttlMs
-- ARGV[4] channel
-- Reply: how many are missing
local is_new = ARGV[1] == '' and 0 or redis.call('SADD', KEYS[1], ARGV[1])
local missing = math.max(0, ARGV[2] - redis.call('SCARD', KEYS[1]))
if is_new == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  if missing == 0 then
    redis.call('PUBLISH', ARGV[4], '')
  end
end
return missing
