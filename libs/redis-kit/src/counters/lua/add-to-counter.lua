-- Adds to a counter. One of a period is changed only while that period lasts; the clock is the server's.
-- KEYS[1] counter
-- ARGV[1] by
-- ARGV[2] ttlMs from now, or '' for ever; of a counter without a period
-- ARGV[3] expireAtMs of a counter of a period, or ''
-- ARGV[4] fromMs of the period, or ''
-- ARGV[5] untilMs of the period, or ''
-- Reply: {1, sum as text}, {0, time in ms} outside of the period, or {2} when the sum would be too large
if ARGV[4] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if now < tonumber(ARGV[4]) or now >= tonumber(ARGV[5]) then
    return {0, now}
  end
end
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
if before and math.abs(before + ARGV[1]) > 9007199254740991 then
  return {2}
end
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
if ARGV[3] ~= '' then
  redis.call('PEXPIREAT', KEYS[1], ARGV[3])
elseif ARGV[2] ~= '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
  redis.call('PERSIST', KEYS[1])
end
return {1, string.format('%.0f', sum)}
