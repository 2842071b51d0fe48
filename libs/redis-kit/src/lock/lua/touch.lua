-- Says that a process still waits, and how its requests stand.
-- KEYS[1] lock
-- KEYS[2] queue
-- KEYS[3] processes
-- KEYS[4] cancelled
-- ARGV[1] process
-- ARGV[2] aliveMs
-- ARGV[3] claimMs
-- ARGV[4] channels: what the name of a process' channel begins with
-- ARGV[5] counts: 1 when PUBLISH tells of all who heard
-- ARGV[6...] ids
-- Reply: free in ms, age of the holder in ms, what is left of its lease in ms; then for each id its fence when granted, 0 queued, -1 unknown
if redis.call('EXISTS', queue) == 1 then
  keep_waiting(ARGV[1], ARGV[2])
end
advance('', ARGV[3], ARGV[4], ARGV[5])
save()
local age = owner == '' and 0 or math.max(0, math.floor((now_us - fence) / 1000))
local reply = {free_in(), age, math.max(0, expiry - now)}
for i = 6, #ARGV do
  local id = ARGV[i]
  if owner == id and now < expiry then
    reply[#reply + 1] = fence
  else
    reply[#reply + 1] = redis.call('ZSCORE', queue, id) and 0 or -1
  end
end
return reply
