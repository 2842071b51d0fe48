-- The key is a hash of counts by interval of length `a`. An interval counts in full until the last of its units is `b` intervals old, so that no window ever holds more than the limit.
local function until_gone(bucket, interval)
  return (interval + bucket.b + 1) * bucket.a - bucket.now
end

local function read_counts(bucket)
  local stored = redis.call('HGETALL', bucket.key)
  local counts, intervals = {}, {}
  for i = 1, #stored, 2 do
    local interval = tonumber(stored[i])
    counts[interval] = tonumber(stored[i + 1])
    intervals[#intervals + 1] = interval
  end
  table.sort(intervals)
  return counts, intervals
end

algorithms.B = {
  look = function(bucket, cost)
    local counts, intervals = read_counts(bucket)
    bucket.now = math.max(bucket.now, (intervals[#intervals] or 0) * bucket.a)
    bucket.interval = math.floor(bucket.now / bucket.a)
    bucket.live, bucket.dead = {}, {}
    local sum = 0
    for _, interval in ipairs(intervals) do
      local list = interval < bucket.interval - bucket.b and bucket.dead or bucket.live
      list[#list + 1] = interval
      if list == bucket.live then sum = sum + counts[interval] end
    end
    local newest = bucket.live[#bucket.live]
    bucket.left, bucket.retry = math.max(0, bucket.limit - sum), 0
    bucket.reset = newest and until_gone(bucket, newest) or 0
    for _, interval in ipairs(bucket.live) do
      if sum + cost <= bucket.limit then break end
      sum = sum - counts[interval]
      bucket.retry = until_gone(bucket, interval)
    end
  end,

  add = function(bucket, amount)
    if #bucket.dead > 0 then redis.call('HDEL', bucket.key, unpack(bucket.dead)) end
    redis.call('HINCRBY', bucket.key, whole(bucket.interval), whole(amount))
    bucket.mark, bucket.reset = bucket.interval, until_gone(bucket, bucket.interval)
    expire_after(bucket.key, bucket.reset)
  end,

  give = function(bucket, amount, mark)
    for at = #bucket.live, 1, -1 do
      local interval = bucket.live[at]
      if not mark or mark == interval then
        local taken = math.min(amount, tonumber(redis.call('HGET', bucket.key, whole(interval))))
        amount = amount - taken
        if redis.call('HINCRBY', bucket.key, whole(interval), whole(-taken)) <= 0 then
          redis.call('HDEL', bucket.key, whole(interval))
          if at == #bucket.live then bucket.live[at] = nil end
        end
      end
    end
    local newest = bucket.live[#bucket.live]
    if newest then expire_after(bucket.key, until_gone(bucket, newest)) else redis.call('DEL', bucket.key) end
  end,
}
