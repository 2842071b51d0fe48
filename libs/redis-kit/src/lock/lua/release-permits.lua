-- Gives permits back, or the place in the queue, and passes them on. Running again changes nothing.
-- KEYS[1] holders
-- KEYS[2] queue
-- KEYS[3] processes
-- KEYS[4] meta
-- KEYS[5] refused
-- ARGV[1] channels: what the name of a process' channel begins with
-- ARGV[2] counts: 1 when PUBLISH tells of all who heard
-- ARGV[3] claimMs
-- ARGV[4] limit
-- ARGV[5] tombstone: 1 when a request of this id was never answered, and may still come
-- ARGV[6] id
-- Reply: 1 they were held until now, 0 they were not
local held = stop_holding(ARGV[6])
redis.call('ZREM', queue, ARGV[6])
if ARGV[5] == '1' then refuse(ARGV[6]) end
advance('')
save()
return held
