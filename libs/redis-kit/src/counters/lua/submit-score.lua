-- Puts a member on a board, or changes its place, and takes off who no longer fits. The smaller the weight, the better; of equal ones the older submission. Its number stands before the member in the sorted set, so that the order of bytes says who was first, and the weight keeps its whole precision.
-- KEYS[1] board
-- KEYS[2] members
-- ARGV[1] member
-- ARGV[2] weight, or what is added to it
-- ARGV[3] mode: set, best (keep the better one) or add
-- ARGV[4] data of the member, or '' to leave it as it is
-- ARGV[5] maxSize of the board
-- ARGV[6] ttlMs from now, or '' for ever; of a board without a period
-- ARGV[7] expireAtMs of a board of a period, or ''
-- ARGV[8] fromMs of the period, or ''
-- ARGV[9] untilMs of the period, or ''
-- Reply: {1, weight, data, rank} without rank when it did not fit, {0, time in ms} outside of the period, {2} when the sum is no number
local elsewhere = time_outside(ARGV[8], ARGV[9])
if elsewhere then
  return {0, elsewhere}
end
-- What is left when one of the two was evicted or deleted is no board.
if redis.call('EXISTS', KEYS[1]) ~= redis.call('EXISTS', KEYS[2]) then
  redis.call('UNLINK', KEYS[1], KEYS[2])
end
local record = redis.call('HGET', KEYS[2], ARGV[1])
local number = record and string.sub(record, 1, 6)
local old = record and tonumber(redis.call('ZSCORE', KEYS[1], number .. ARGV[1]))
local weight = tonumber(ARGV[2])
if ARGV[3] == 'add' and old then
  weight = old + weight
  if math.abs(weight) == math.huge then
    return {2}
  end
elseif ARGV[3] == 'best' and old then
  weight = math.min(old, weight)
end
if weight ~= old then
  if old then
    redis.call('ZREM', KEYS[1], number .. ARGV[1])
  end
  number = struct.pack('>I6', redis.call('HINCRBY', KEYS[2], '', 1))
  redis.call('ZADD', KEYS[1], string.format('%.17g', weight), number .. ARGV[1])
end
local data = ARGV[4] ~= '' and ARGV[4] or string.sub(record or '', 7)
redis.call('HSET', KEYS[2], ARGV[1], number .. data)
-- A few at a time: a board may have been made much smaller.
local excess = math.min(redis.call('ZCARD', KEYS[1]) - ARGV[5], 1000)
if excess > 0 then
  for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], -excess, -1)) do
    redis.call('HDEL', KEYS[2], string.sub(entry, 7))
  end
  redis.call('ZREMRANGEBYRANK', KEYS[1], -excess, -1)
end
expire(KEYS[1], ARGV[6], ARGV[7])
expire(KEYS[2], ARGV[6], ARGV[7])
local rank = redis.call('ZRANK', KEYS[1], number .. ARGV[1])
return {1, string.format('%.17g', weight), data, rank}
