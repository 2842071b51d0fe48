-- Counts somebody once. A count of a period is changed only while that period lasts; the clock is the server's.
-- KEYS[1] unique
-- ARGV[1] member
-- ARGV[2] ttlMs from now, or '' for ever; of a count without a period
-- ARGV[3] expireAtMs of a count of a period, or ''
-- ARGV[4] fromMs of the period, or ''
-- ARGV[5] untilMs of the period, or ''
-- Reply: {1, 1} the estimate has changed, {1, 0} it has not, or {0, time in ms} outside of the period
if ARGV[4] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if now < tonumber(ARGV[4]) or now >= tonumber(ARGV[5]) then
    return {0, now}
  end
end
local changed = redis.call('PFADD', KEYS[1], ARGV[1])
if ARGV[3] ~= '' then
  redis.call('PEXPIREAT', KEYS[1], ARGV[3])
elseif ARGV[2] ~= '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
  redis.call('PERSIST', KEYS[1])
end
return {1, changed}
