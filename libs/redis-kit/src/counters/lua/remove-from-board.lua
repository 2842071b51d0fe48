-- Takes a member off a board, or everybody.
-- KEYS[1] board
-- KEYS[2] members
-- ARGV[1] member, or '' for everybody
-- ARGV[2] fromMs of the period, or ''
-- ARGV[3] untilMs of the period, or ''
-- Reply: {1, 1} removed, {1, 0} nothing was there, or {0, time in ms} outside of the period
local elsewhere = time_outside(ARGV[2], ARGV[3])
if elsewhere then
  return {0, elsewhere}
end
if ARGV[1] == '' then
  local size = redis.call('ZCARD', KEYS[1])
  redis.call('UNLINK', KEYS[1], KEYS[2])
  return {1, math.min(1, size)}
end
local record = redis.call('HGET', KEYS[2], ARGV[1])
if not record then
  return {1, 0}
end
redis.call('HDEL', KEYS[2], ARGV[1])
return {1, redis.call('ZREM', KEYS[1], string.sub(record, 1, 6) .. ARGV[1])}
