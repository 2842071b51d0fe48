-- Reads places of a board, counted from the best, or from the place of a member.
-- KEYS[1] board
-- KEYS[2] members
-- ARGV[1] member to count from, or ''
-- ARGV[2] first place
-- ARGV[3] last place; before the first: none
-- ARGV[4] fromMs of the period that is read as the current one, or ''
-- ARGV[5] untilMs of that period, or ''
-- Reply: {1, size, first place, member, weight, data, …}, or {0, time in ms} outside of the period
local elsewhere = time_outside(ARGV[4], ARGV[5])
if elsewhere then
  return {0, elsewhere}
end
local first, last = tonumber(ARGV[2]), tonumber(ARGV[3])
local size = redis.call('ZCARD', KEYS[1])
if ARGV[1] ~= '' then
  local record = redis.call('HGET', KEYS[2], ARGV[1])
  local rank = record and redis.call('ZRANK', KEYS[1], string.sub(record, 1, 6) .. ARGV[1])
  if not rank then
    return {1, size, 0}
  end
  first, last = math.max(0, rank + first), rank + last
end
local reply = {1, size, first}
if last < first then
  return reply
end
local found = redis.call('ZRANGE', KEYS[1], first, last, 'WITHSCORES')
for i = 1, #found, 2 do
  local member = string.sub(found[i], 7)
  reply[#reply + 1] = member
  reply[#reply + 1] = found[i + 1]
  reply[#reply + 1] = string.sub(redis.call('HGET', KEYS[2], member) or '', 7)
end
return reply
