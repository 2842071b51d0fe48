-- Counts somebody once. A count of a period is changed only while that period lasts; the clock is the server's.
-- KEYS[1] unique
-- ARGV[1] member
-- ARGV[2] ttlMs from now, or '' for ever; of a count without a period
-- ARGV[3] expireAtMs of a count of a period, or ''
-- ARGV[4] fromMs of the period, or ''
-- ARGV[5] untilMs of the period, or ''
-- Reply: {1, 1} the estimate has changed, {1, 0} it has not, or {0, time in ms} outside of the period
local elsewhere = time_outside(ARGV[4], ARGV[5])
if elsewhere then
  return {0, elsewhere}
end
local changed = redis.call('PFADD', KEYS[1], ARGV[1])
expire(KEYS[1], ARGV[2], ARGV[3])
return {1, changed}
