-- The key holds the count and the end of the window (microseconds). A window of length `a` begins with its first unit; one of the calendar ends at the next of the boundaries `a`, `b`, `c`.
local function look(bucket, ends_at)
  local count, stored_end = string.match(redis.call('GET', bucket.key) or '', '^(%d+) (%d+)$')
  count, stored_end = tonumber(count) or 0, tonumber(stored_end) or 0
  if stored_end <= bucket.now then count, stored_end = 0, ends_at end
  -- A window never ends later than one that would begin now, whatever the clock or the configuration did.
  bucket.ends_at, bucket.count = math.min(stored_end, ends_at), count
  bucket.left = math.max(0, bucket.limit - count)
  bucket.retry = bucket.ends_at - bucket.now
  bucket.reset = count > 0 and bucket.retry or 0
end

local function keep(bucket)
  keep_until(bucket, bucket.count > 0 and bucket.ends_at or 0, whole(bucket.count) .. ' ' .. whole(bucket.ends_at))
end

algorithms.F = {
  look = function(bucket)
    look(bucket, bucket.now + bucket.a)
  end,

  add = function(bucket, amount)
    bucket.count = math.min(bucket.count + amount, LARGEST)
    bucket.mark, bucket.reset = bucket.ends_at, bucket.ends_at - bucket.now
    keep(bucket)
  end,

  give = function(bucket, amount, mark)
    if mark and mark ~= bucket.ends_at then return end
    bucket.count = math.max(0, bucket.count - amount)
    keep(bucket)
  end,
}

algorithms.Q = {
  look = function(bucket)
    bucket.misses = bucket.now < bucket.a or bucket.now >= bucket.c
    look(bucket, bucket.now < bucket.b and bucket.b or bucket.c)
  end,
  add = algorithms.F.add,
  give = algorithms.F.give,
}
