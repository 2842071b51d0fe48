-- Makes leases last longer, and never shorter: one that was extended stays so.
-- KEYS[1...] locks
-- ARGV[1...] terms: id and lease in ms of each lock, in turn
-- Reply: for each lock 1 renewed, 0 gone, -1 of another holder, -2 it had run out
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local reply = {}
for i = 1, #KEYS do
  local lock = KEYS[i]
  local id, lease = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  local owner, fence, expiry, delay, flag = string.match(redis.call('GET', lock) or '', '^([^|]*)|(%d+)|(%d+)|(%d+)|(w?)$')
  if owner ~= id then
    reply[i] = (owner or '') == '' and 0 or -1
  elseif tonumber(expiry) <= now then
    reply[i] = -2
  else
    local renewed = math.max(tonumber(expiry), now + lease)
    local state = string.format('%s|%s|%.0f|%s|%s', id, fence, renewed, delay, flag)
    redis.call('SET', lock, state, 'PX', string.format('%.0f', math.max(600000, renewed + tonumber(delay) - now + 1000)))
    reply[i] = 1
  end
end
return reply
