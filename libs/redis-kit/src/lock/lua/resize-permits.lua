-- Changes how many permits there are for all who use them, whatever their options say; 0 gives that back to the options.
-- KEYS[1] holders
-- KEYS[2] queue
-- KEYS[3] processes
-- KEYS[4] meta
-- KEYS[5] refused
-- ARGV[1] channels: what the name of a process' channel begins with
-- ARGV[2] counts: 1 when PUBLISH tells of all who heard
-- ARGV[3] claimMs
-- ARGV[4] limit
-- ARGV[5] permits
-- Reply: limit, weight in use, waiters, ms until the first lease ends or -1, age of that holder in ms
if ARGV[5] == '0' then
  redis.call('HDEL', meta, 'limit')
  limit = tonumber(ARGV[4])
else
  redis.call('HSET', meta, 'limit', ARGV[5])
  limit = tonumber(ARGV[5])
end
local reply = standing(advance(''))
save()
return reply
