-- The key is a list of the times (microseconds) at which units were admitted, oldest first. One counts for `a`.
local function first_live(key, length, since)
  local low, high = 0, length
  while low < high do
    local middle = math.floor((low + high) / 2)
    if tonumber(redis.call('LINDEX', key, middle)) <= since then low = middle + 1 else high = middle end
  end
  return low
end

algorithms.S = {
  look = function(bucket, cost)
    local key = bucket.key
    local length = redis.call('LLEN', key)
    local last = length > 0 and tonumber(redis.call('LINDEX', key, -1)) or 0
    bucket.now = math.max(bucket.now, last)
    local since = bucket.now - bucket.a
    bucket.expired = 0
    if length > 0 and tonumber(redis.call('LINDEX', key, 0)) <= since then
      bucket.expired = first_live(key, length, since)
    end
    local live = length - bucket.expired
    bucket.left = math.max(0, bucket.limit - live)
    bucket.reset = live > 0 and last + bucket.a - bucket.now or 0
    bucket.retry = 0
    local too_many = live + cost - bucket.limit
    if too_many > 0 and too_many <= live then
      bucket.retry = tonumber(redis.call('LINDEX', key, bucket.expired + too_many - 1)) + bucket.a - bucket.now
    end
  end,

  -- More than the limit is never kept: the oldest make room, so the key stays as small as the limit.
  add = function(bucket, amount)
    local key = bucket.key
    local units = {}
    for unit = 1, math.min(amount, bucket.limit) do units[unit] = whole(bucket.now) end
    redis.call('RPUSH', key, unpack(units))
    redis.call('LTRIM', key, math.max(bucket.expired, redis.call('LLEN', key) - bucket.limit), -1)
    expire_after(key, bucket.a)
    bucket.mark, bucket.reset = bucket.now, bucket.a
  end,

  give = function(bucket, amount, mark)
    local key = bucket.key
    if mark then redis.call('LREM', key, -amount, whole(mark)) else redis.call('RPOP', key, amount) end
    local ends_at = (tonumber(redis.call('LINDEX', key, -1)) or 0) + bucket.a
    if ends_at > bucket.now then expire_after(key, ends_at - bucket.now) else redis.call('DEL', key) end
  end,
}
