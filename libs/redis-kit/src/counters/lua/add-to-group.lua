-- Adds to counters of one group. Those of a period are changed only while that period lasts; the clock is the server's.
-- KEYS[1] group
-- ARGV[1] additions, a JSON list of [name, amount]
-- ARGV[2] maxNames in the group
-- ARGV[3] ttlMs from now, or '' for ever; of a group without a period
-- ARGV[4] expireAtMs of a group of a period, or ''
-- ARGV[5] fromMs of the period, or ''
-- ARGV[6] untilMs of the period, or ''
-- Reply: {1, sum as text, …} with 'full' or 'overflow' in place of a sum, or {0, time in ms} outside of the period
local elsewhere = time_outside(ARGV[5], ARGV[6])
if elsewhere then
  return {0, elsewhere}
end
local reply = {1}
local names = redis.call('HLEN', KEYS[1])
for _, addition in ipairs(cjson.decode(ARGV[1])) do
  local name, by = addition[1], addition[2]
  local before = redis.call('HGET', KEYS[1], name)
  if not before and names >= tonumber(ARGV[2]) then
    reply[#reply + 1] = 'full'
  elseif math.abs((tonumber(before or '0') or 0) + by) > 9007199254740991 then
    reply[#reply + 1] = 'overflow'
  else
    names = before and names or names + 1
    reply[#reply + 1] = string.format('%.0f', redis.call('HINCRBY', KEYS[1], name, by))
  end
end
expire(KEYS[1], ARGV[3], ARGV[4])
return reply
