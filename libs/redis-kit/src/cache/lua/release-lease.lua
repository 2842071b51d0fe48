-- Gives a lease back without a value, so that nobody waits for a factory that failed.
-- KEYS[1] entry
-- ARGV[1] lease
-- Reply: 1 released, 0 the lease was gone already
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end
return redis.call('UNLINK', KEYS[1])
