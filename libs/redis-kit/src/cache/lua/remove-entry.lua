-- Removes exactly the lease of the caller, so that nobody waits for a factory that failed.
-- KEYS[1] entry
-- ARGV[1] header
-- Reply: 1 removed, 0 something else is there, or nothing
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end
return redis.call('UNLINK', KEYS[1])
