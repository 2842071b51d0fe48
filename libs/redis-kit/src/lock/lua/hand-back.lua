-- Gives back a lock that nobody waits for: the usual case, with one key.
-- KEYS[1] lock
-- ARGV[1] id
-- ARGV[2] fence
-- Reply: 1 given back, 0 when it is not that simple
local stored = redis.call('GET', KEYS[1])
local mine = ARGV[1] .. '|' .. ARGV[2] .. '|'
-- Without the flag that somebody waits it ends with its last separator.
if not stored or string.sub(stored, 1, #mine) ~= mine or string.sub(stored, -1) ~= '|' then
  return 0
end
redis.call('SET', KEYS[1], '|' .. ARGV[2] .. '|0|0|', 'PX', '600000')
return 1
