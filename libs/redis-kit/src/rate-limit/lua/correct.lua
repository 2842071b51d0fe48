-- Corrects what was counted, whatever the limits say: more, or less of the window it was counted in.
-- KEYS[1...] buckets
-- ARGV[1] change: a whole number, negative to give back
-- ARGV[2] holder: names it among what is in progress
-- ARGV[3...] policies: of each bucket its policy and the mark of the window, empty for the one at hand
-- Reply: 1 when done, -1 when the boundaries of a calendar do not fit, with the time of the server
local now = server_time()
local change = tonumber(ARGV[1])
local buckets = {}
for i = 1, #KEYS do
  local bucket = read_policy(KEYS[i], ARGV[2 * i + 1], now)
  bucket.holder = ARGV[2]
  bucket.since = tonumber(ARGV[2 * i + 2])
  algorithms[bucket.algorithm].look(bucket, 0)
  if bucket.misses then
    return { -1, whole(now) }
  end
  buckets[i] = bucket
end
for _, bucket in ipairs(buckets) do
  local algorithm = algorithms[bucket.algorithm]
  if change > 0 then
    algorithm.add(bucket, change, 2)
  else
    algorithm.give(bucket, -change, bucket.since)
  end
end
return { 1, whole(now) }
