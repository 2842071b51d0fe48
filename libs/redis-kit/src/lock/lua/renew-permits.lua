-- Makes leases last longer, and never shorter: one that was extended stays so.
-- KEYS[1] holders
-- KEYS[2] queue
-- KEYS[3] processes
-- KEYS[4] meta
-- KEYS[5] refused
-- ARGV[1] channels: what the name of a process' channel begins with
-- ARGV[2] counts: 1 when PUBLISH tells of all who heard
-- ARGV[3] claimMs
-- ARGV[4] limit
-- ARGV[5...] terms: id and lease in ms, in turn
-- Reply: for each id 1 renewed, 0 gone, -2 it had run out
local reply = {}
for i = 5, #ARGV, 2 do
  local id = ARGV[i]
  redis.call('ZADD', holders, 'XX', 'GT', now + ARGV[i + 1], id)
  local held = redis.call('ZSCORE', holders, id)
  reply[#reply + 1] = held and 1 or (is_refused(id) and -2 or 0)
end
advance('')
save()
return reply
