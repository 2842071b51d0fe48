-- Gives back a lock that nobody waits for: the usual case, with one key.
-- KEYS[1] lock
-- ARGV[1] id
-- Reply: 1 given back, 0 when it is not that simple
local owner, fence = string.match(redis.call('GET', KEYS[1]) or '', '^([^|]*)|(%d+)|%d+|%d+|$')
if owner ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], '|' .. fence .. '|0|0|', 'PX', 600000)
return 1
