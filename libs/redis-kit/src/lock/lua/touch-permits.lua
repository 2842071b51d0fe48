-- Says that a process still waits, and how its requests stand; of no process, it only looks.
-- KEYS[1] holders
-- KEYS[2] queue
-- KEYS[3] processes
-- KEYS[4] meta
-- KEYS[5] refused
-- ARGV[1] channels: what the name of a process' channel begins with
-- ARGV[2] counts: 1 when PUBLISH tells of all who heard
-- ARGV[3] claimMs
-- ARGV[4] limit
-- ARGV[5] process
-- ARGV[6] aliveMs
-- ARGV[7...] ids
-- Reply: limit, weight in use, waiters, ms until the first lease ends or -1, age of that holder in ms; what is left of the shortest lease of the ids in ms; then for each id its fence when granted, 0 queued, -1 unknown
if ARGV[5] ~= '' and redis.call('EXISTS', queue) == 1 then
  keep_waiting(ARGV[5], ARGV[6])
end
local reply = standing(advance(''))
save()
reply[6] = 0
for i = 7, #ARGV do
  local id = ARGV[i]
  local expiry = redis.call('ZSCORE', holders, id)
  if expiry then
    local left = expiry - now
    reply[6] = reply[6] == 0 and left or math.min(reply[6], left)
    reply[#reply + 1] = tonumber(fence_of(id))
  else
    reply[#reply + 1] = redis.call('ZSCORE', queue, id) and 0 or -1
  end
end
return reply
