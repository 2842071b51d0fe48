-- The key is a sorted set of what is in progress, by the time (microseconds) at which its lease of length `a` ends.
local function expire_with_last(bucket)
  local last = redis.call('ZRANGE', bucket.key, -1, -1, 'WITHSCORES')[2]
  if last then expire_after(bucket.key, tonumber(last) - bucket.now) end
end

algorithms.C = {
  look = function(bucket, cost)
    local key = bucket.key
    local ended = redis.call('ZCOUNT', key, '-inf', whole(bucket.now))
    local live = redis.call('ZCARD', key) - ended
    local function left_at(rank)
      return tonumber(redis.call('ZRANGE', key, rank, rank, 'WITHSCORES')[2]) - bucket.now
    end
    bucket.left = math.max(0, bucket.limit - live)
    bucket.reset = live > 0 and left_at(-1) or 0
    local too_many = live + cost - bucket.limit
    bucket.retry = too_many > 0 and too_many <= live and left_at(ended + too_many - 1) or 0
  end,

  add = function(bucket, amount)
    redis.call('ZREMRANGEBYSCORE', bucket.key, '-inf', whole(bucket.now))
    for unit = 1, amount do
      redis.call('ZADD', bucket.key, whole(bucket.now + bucket.a), bucket.holder .. ':' .. unit)
    end
    bucket.reset = bucket.a
    expire_with_last(bucket)
  end,

  give = function(bucket, amount)
    for unit = 1, amount do redis.call('ZREM', bucket.key, bucket.holder .. ':' .. unit) end
    expire_with_last(bucket)
  end,
}
