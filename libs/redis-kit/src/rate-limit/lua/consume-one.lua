-- The most frequent case by itself, because setting up the parts takes longer than the work: one token bucket, nothing blocked, denied requests not counted. See token-bucket.lua for what it does.
-- KEYS[1] blocks
-- KEYS[2] bucket
-- ARGV[1] cost
-- ARGV[2] counts: 1 to count it, 0 to ask only
-- ARGV[3] lateAfter: time of the server in microseconds after which nobody waits for the answer, 0 when that is not known
-- ARGV[4] unit: microseconds in which one comes back
-- ARGV[5] burst: microseconds in which all come back
-- Reply: as of consume.lua; {-2, time} something is blocked, which the other script can tell
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local late_after = tonumber(ARGV[3])
if late_after > 0 and now > late_after then
  return { -1, now }
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  return { -2, now }
end
local cost, unit, burst = tonumber(ARGV[1]), tonumber(ARGV[4]), tonumber(ARGV[5])
local full_at = math.min(math.max(tonumber(redis.call('GET', KEYS[2])) or 0, now), now + 2 * burst)
local free = now + burst - full_at
local used = cost * unit
local left = math.max(0, math.floor(free / unit))
if cost > left then
  return { 0, now, 0, left, math.ceil((used - free) / 1000), math.ceil((full_at - now) / 1000), 0, 0 }
end
local mark = 0
if ARGV[2] == '1' then
  full_at = full_at + used
  mark, left = full_at, left - cost
  redis.call('SET', KEYS[2], string.format('%.0f', full_at), 'PX', string.format('%.0f', math.ceil((full_at - now) / 1000)))
end
return { 1, now, 1, left, 0, math.ceil((full_at - now) / 1000), mark, 0 }
