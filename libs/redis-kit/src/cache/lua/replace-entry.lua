-- Puts new bytes in the place of exactly the entry or lease that the caller saw, so that a late writer cannot bring back what was deleted.
-- KEYS[1] entry
-- ARGV[1] header
-- ARGV[2] bytes
-- ARGV[3] ttlMs
-- Reply: 1 replaced, 0 something else is there, or nothing
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
