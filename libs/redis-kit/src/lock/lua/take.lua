-- Takes a lock that is free and that nobody waits for: the usual case, with one key. Text is put together rather than formatted, and a lock nobody used lately needs two commands: this is what every acquisition pays for.
-- KEYS[1] lock
-- ARGV[1] id
-- ARGV[2] leaseMs
-- ARGV[3] delayMs
-- Reply: the fence, or 0 when it is not that simple
local time = redis.call('TIME')
local fence = time[1] .. string.sub('00000' .. time[2], -6)
local expiry = string.sub(fence, 1, -4) + ARGV[2]
local state = ARGV[1] .. '|' .. fence .. '|' .. expiry .. '|' .. ARGV[3] .. '|'
local keep = ARGV[2] + ARGV[3] < 599000 and '600000' or string.format('%.0f', ARGV[2] + ARGV[3] + 1000)
local stored = redis.call('SET', KEYS[1], state, 'PX', keep, 'NX', 'GET')
if not stored then
  return fence
end
local last = string.match(stored, '^|(%d+)|0|0|$')
if not last then
  return 0
end
-- The clock went back, as it may in a failover. The fence does not.
if tonumber(last) >= tonumber(fence) then
  fence = string.format('%.0f', last + 1)
  state = ARGV[1] .. '|' .. fence .. '|' .. expiry .. '|' .. ARGV[3] .. '|'
end
redis.call('SET', KEYS[1], state, 'PX', keep)
return fence
