-- GCRA: the key holds the time (microseconds) at which the bucket will be full again. One unit takes `a` to come back, all of them `b`.
algorithms.T = {
  look = function(bucket, cost)
    local now = bucket.now
    -- A clock that stepped back neither refills, nor empties more than penalties may.
    bucket.full_at = math.min(math.max(tonumber(redis.call('GET', bucket.key)) or 0, now), now + 2 * bucket.b)
    local free = now + bucket.b - bucket.full_at
    bucket.left = math.max(0, math.floor(free / bucket.a))
    bucket.retry = math.max(0, cost * bucket.a - free)
    bucket.reset = bucket.full_at - now
  end,

  -- `most`: how far from full it may get, as a multiple of all it holds.
  add = function(bucket, amount, most)
    local now = bucket.now
    local full_at = math.max(bucket.full_at, math.min(bucket.full_at + amount * bucket.a, now + most * bucket.b))
    bucket.full_at, bucket.mark, bucket.reset = full_at, full_at, full_at - now
    keep_until(bucket, full_at, whole(full_at))
  end,

  -- What has come back by itself is not given back again; once the bucket was full, nothing is.
  give = function(bucket, amount, mark)
    local unspent = math.max(0, (mark or bucket.full_at) - bucket.now)
    local full_at = math.max(bucket.now, bucket.full_at - math.min(amount * bucket.a, unspent))
    keep_until(bucket, full_at, whole(full_at))
  end,
}
