-- Takes the lock, or queues for it. It may run again with the same id: a request whose reply was lost, or a waiter that confirms.
-- KEYS[1] lock
-- KEYS[2] queue
-- KEYS[3] processes
-- KEYS[4] cancelled
-- ARGV[1] id
-- ARGV[2] leaseMs
-- ARGV[3] waits: 1 to queue when it is held
-- ARGV[4] ticket: the place it had in the queue, empty for a new one
-- ARGV[5] aliveMs
-- ARGV[6] claimMs
-- ARGV[7] channels: what the name of a process' channel begins with
-- ARGV[8] counts: 1 when PUBLISH tells of all who heard
-- Reply: {1, fence} taken; {0, free in ms, age of the holder in ms, ticket} queued; {-1, free in ms, age} held; {-2} cancelled before; {-3} was taken, and has run out
local id = ARGV[1]
local lease = tonumber(ARGV[2])
local has_lapsed = owner == id and now >= expiry
local age = owner == '' and 0 or math.max(0, math.floor((now_us - fence) / 1000))
if has_lapsed or redis.call('HEXISTS', cancelled, id) == 1 then
  advance('', ARGV[6], ARGV[7], ARGV[8])
  save()
  return {has_lapsed and -3 or -2}
end
if owner == id then
  expiry = math.max(expiry, now + lease)
  save()
  return {1, fence}
end

local ticket = redis.call('ZSCORE', queue, id)
if not ticket then
  ticket = ARGV[4]
  if ticket == '' then
    local tail = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')
    ticket = string.format('%.0f', math.max(now_us, tonumber(tail[2] or 0) + 1))
  end
  redis.call('ZADD', queue, ticket, id)
end
advance(id, ARGV[6], ARGV[7], ARGV[8])
if owner == id then
  expiry = now + lease
  save()
  return {1, fence}
end
if ARGV[3] == '0' then
  redis.call('ZREM', queue, id)
  save()
  return {-1, free_in(), age}
end
keep_waiting(string.match(id, '^[^~]*'), ARGV[5])
save()
return {0, free_in(), age, tonumber(ticket)}
