-- Counts a request by every policy of a tracker, or by none.
-- KEYS[1] blocks
-- KEYS[2...] buckets
-- ARGV[1] cost
-- ARGV[2] counts: 1 to count it, 0 to ask only
-- ARGV[3] holder: names it among what is in progress
-- ARGV[4] lateAfter: time of the server in microseconds after which nobody waits for the answer, 0 when that is not known
-- ARGV[5...] policies
-- Reply: {allowed, time, then for each policy: allowed, left, retry in ms, reset in ms, mark, blocked}; {-1, time} too late, or the boundaries of a calendar do not fit
local now, cost = server_time(), tonumber(ARGV[1])
local late_after = tonumber(ARGV[4])
if late_after > 0 and now > late_after then
  return { -1, whole(now) }
end
local blocks = read_blocks(KEYS[1], now)
local buckets, allowed = {}, true
for i = 2, #KEYS do
  local bucket = read_policy(KEYS[i], ARGV[i + 3], now)
  bucket.holder = ARGV[3]
  algorithms[bucket.algorithm].look(bucket, cost)
  if bucket.misses then
    return { -1, whole(now) }
  end
  bucket.fits = cost <= bucket.left
  bucket.blocked_for = math.max(blocked_for(blocks, '*', now), blocked_for(blocks, bucket.name, now))
  allowed = allowed and bucket.fits and bucket.blocked_for <= 0
  buckets[#buckets + 1] = bucket
end
local reply = { allowed and 1 or 0, whole(now) }
for _, bucket in ipairs(buckets) do
  local algorithm = algorithms[bucket.algorithm]
  local is_blocked = bucket.blocked_for > 0
  local passes = bucket.fits and not is_blocked
  if ARGV[2] == '1' and allowed then
    algorithm.add(bucket, cost, 1)
    bucket.left = bucket.left - cost
  elseif ARGV[2] == '1' and bucket.counts_denied and not is_blocked and bucket.limit > 0 then
    algorithm.add(bucket, cost, 1)
    algorithm.look(bucket, cost)
  end
  local retry = bucket.fits and 0 or bucket.retry
  if ARGV[2] == '1' and not bucket.fits and not is_blocked and bucket.block ~= '' then
    bucket.blocked_for = raise_block(blocks, bucket, now)
  end
  retry = bucket.limit == 0 and -1 or math.max(retry, bucket.blocked_for)
  local left = bucket.blocked_for > 0 and 0 or bucket.left
  for _, value in ipairs({ passes and 1 or 0, left, passes and 0 or to_ms(retry), to_ms(bucket.reset), whole(bucket.mark or 0), bucket.blocked_for > 0 and 1 or 0 }) do
    reply[#reply + 1] = value
  end
end
return reply
