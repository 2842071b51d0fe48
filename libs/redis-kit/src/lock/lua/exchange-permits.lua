-- Exchanges what is held for less of it, with the same lease and fence, and without a moment in which nothing is held: a writer becomes a reader. Running again changes nothing.
-- KEYS[1] holders
-- KEYS[2] queue
-- KEYS[3] processes
-- KEYS[4] meta
-- KEYS[5] refused
-- ARGV[1] channels: what the name of a process' channel begins with
-- ARGV[2] counts: 1 when PUBLISH tells of all who heard
-- ARGV[3] claimMs
-- ARGV[4] limit
-- ARGV[5] id
-- ARGV[6] lighterId
-- Reply: 1 the lighter id holds, 0 neither does
local id, lighter = ARGV[5], ARGV[6]
local expiry = redis.call('ZSCORE', holders, id)
if expiry then
  local fence = fence_of(id)
  stop_holding(id)
  redis.call('ZADD', holders, expiry, lighter)
  redis.call('HSET', meta, lighter, fence)
end
advance('')
save()
return redis.call('ZSCORE', holders, lighter) and 1 or 0
