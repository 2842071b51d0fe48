-- Takes permits, or queues for them. It may run again with the same id: a request whose reply was lost, or a waiter that confirms.
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
-- ARGV[6] leaseMs
-- ARGV[7] waits: 1 to queue when they are not free
-- ARGV[8] ticket: the place it had in the queue, empty for a new one
-- ARGV[9] aliveMs
-- Reply: limit, weight in use, waiters, ms until the first lease ends or -1, age of that holder in ms; then {1, fence} taken, {0, ticket} queued, {-1, 0} not free, {-2, 0} cancelled before or run out, {-3, 0} heavier than the limit
local id = ARGV[5]
local is_too_late = is_refused(id)
local is_heavy = weight_of(id) > limit
if not is_too_late and not is_heavy and not redis.call('ZSCORE', holders, id) then
  enqueue(id, ARGV[8])
end
local used = advance(id)
local code, number = -1, 0
if redis.call('ZSCORE', holders, id) then
  redis.call('ZADD', holders, 'GT', now + ARGV[6], id)
  code, number = 1, fence_of(id)
elseif is_too_late then
  code = -2
elseif is_heavy then
  code = -3
elseif ARGV[7] == '1' then
  code, number = 0, redis.call('ZSCORE', queue, id)
  keep_waiting(process_of(id), ARGV[9])
else
  redis.call('ZREM', queue, id)
end
save()
local reply = standing(used)
reply[6], reply[7] = code, tonumber(number)
return reply
