-- Adds to a counter. One of a period is changed only while that period lasts; the clock is the server's.
-- KEYS[1] counter
-- ARGV[1] by
-- ARGV[2] ttlMs from now, or '' for ever; of a counter without a period
-- ARGV[3] expireAtMs of a counter of a period, or ''
-- ARGV[4] fromMs of the period, or ''
-- ARGV[5] untilMs of the period, or ''
-- Reply: {1, sum as text}, {0, time in ms} outside of the period, or {2} when the sum would be too large
local elsewhere = time_outside(ARGV[4], ARGV[5])
if elsewhere then
  return {0, elsewhere}
end
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
if before and math.abs(before + ARGV[1]) > 9007199254740991 then
  return {2}
end
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
expire(KEYS[1], ARGV[2], ARGV[3])
return {1, string.format('%.0f', sum)}
