-- Takes a lock that is free and that nobody waits for: the usual case, with one key.
-- KEYS[1] lock
-- ARGV[1] id
-- ARGV[2] leaseMs
-- ARGV[3] delayMs
-- Reply: the fence, or 0 when it is not that simple
local stored = redis.call('GET', KEYS[1])
local fence = stored and string.match(stored, '^|(%d+)|0|0|$')
if stored and not fence then
  return 0
end
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local granted = math.max((tonumber(fence) or 0) + 1, now_us)
local state = string.format('%s|%.0f|%.0f|%s|', ARGV[1], granted, math.floor(now_us / 1000) + ARGV[2], ARGV[3])
redis.call('SET', KEYS[1], state, 'PX', math.max(600000, ARGV[2] + ARGV[3] + 1000))
return granted
