-- Gives the lock back, or the place in the queue, and passes the lock on. Running again changes nothing.
-- KEYS[1] lock
-- KEYS[2] queue
-- KEYS[3] processes
-- KEYS[4] cancelled
-- ARGV[1] id
-- ARGV[2] tombstone: 1 when a request of this id was never answered, and may still come
-- ARGV[3] claimMs
-- ARGV[4] channels: what the name of a process' channel begins with
-- ARGV[5] counts: 1 when PUBLISH tells of all who heard
-- Reply: 1 it was held until now, 0 it was not
local id = ARGV[1]
local held = (owner == id and now < expiry) and 1 or 0
if ARGV[2] == '1' then
  redis.call('HSET', cancelled, id, '')
  redis.call('PEXPIRE', cancelled, 60000)
end
if owner == id then
  owner, expiry, delay = '', 0, 0
else
  redis.call('ZREM', queue, id)
end
advance('', ARGV[3], ARGV[4], ARGV[5])
save()
return held
