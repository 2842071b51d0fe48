-- Stores a value only while its lease still stands, so that a late factory cannot bring back what was deleted.
-- KEYS[1] entry
-- ARGV[1] lease
-- ARGV[2] value
-- ARGV[3] ttlMs
-- Reply: 1 stored, 0 the lease is gone
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
