-- The key is a sorted set of what is in progress, by the time (microseconds) at which its lease of length `a` ends.
local function left_at(bucket, rank)
  local score = redis.call('ZRANGE', bucket.key, rank, rank, 'WITHSCORES')[2]
  return score and tonumber(score) - bucket.now or 0
end

local function expire_with_last(bucket)
  bucket.reset = math.max(0, left_at(bucket, -1))
  if bucket.reset > 0 then expire_after(bucket.key, bucket.reset) end
end

algorithms.C = {
  look = function(bucket, cost)
    local key = bucket.key
    local ended = redis.call('ZCOUNT', key, '-inf', whole(bucket.now))
    local live = redis.call('ZCARD', key) - ended
    bucket.left = math.max(0, bucket.limit - live)
    bucket.reset = live > 0 and left_at(bucket, -1) or 0
    local too_many = live + cost - bucket.limit
    bucket.retry = too_many > 0 and too_many <= live and left_at(bucket, ended + too_many - 1) or 0
  end,

  add = function(bucket, amount)
    redis.call('ZREMRANGEBYSCORE', bucket.key, '-inf', whole(bucket.now))
    for unit = 1, amount do
      redis.call('ZADD', bucket.key, whole(bucket.now + bucket.a), bucket.holder .. ':' .. unit)
    end
    expire_with_last(bucket)
  end,

  give = function(bucket, amount)
    for unit = 1, amount do redis.call('ZREM', bucket.key, bucket.holder .. ':' .. unit) end
    expire_with_last(bucket)
  end,
}
