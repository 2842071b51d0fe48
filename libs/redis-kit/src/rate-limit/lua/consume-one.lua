-- The most frequent case by itself, because setting up the parts takes longer than the work: one token bucket, nothing blocked, denied requests not counted. See token-bucket.lua for what it does.
-- KEYS[1] blocks
-- KEYS[2] bucket
-- ARGV[1] cost
-- ARGV[2] lateAfter: time of the server in microseconds after which nobody waits for the answer, 0 when that is not known
-- ARGV[3] unit: microseconds in which one comes back
-- ARGV[4] burst: microseconds in which all come back
-- Reply: {1 allowed or 0 denied, time, when the bucket is full again}, from which the client knows the rest; {-1, time} too late; {-2, time} something is blocked, which the other script can tell
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local late_after = tonumber(ARGV[2])
if late_after > 0 and now > late_after then
  return { -1, now }
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  return { -2, now }
end
local burst = tonumber(ARGV[4])
local full_at = math.min(math.max(tonumber(redis.call('GET', KEYS[2])) or 0, now), now + 2 * burst)
local then_full_at = full_at + ARGV[1] * ARGV[3]
if then_full_at > now + burst then
  return { 0, now, full_at }
end
redis.call('SET', KEYS[2], string.format('%.0f', then_full_at), 'PX', string.format('%.0f', math.ceil((then_full_at - now) / 1000)))
return { 1, now, then_full_at }
