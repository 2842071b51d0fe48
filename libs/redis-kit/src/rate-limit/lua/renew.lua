-- Renews the leases of what is in progress. One that has run out stays so: its place may be taken.
-- KEYS[1...] buckets
-- ARGV[1] holder
-- ARGV[2] amount
-- ARGV[3...] leases: of each bucket, in microseconds
-- Reply: how many were renewed
local now, renewed = server_time(), 0
for i = 1, #KEYS do
  local lease = tonumber(ARGV[i + 2])
  for unit = 1, tonumber(ARGV[2]) do
    local member = ARGV[1] .. ':' .. unit
    local ends_at = tonumber(redis.call('ZSCORE', KEYS[i], member))
    if ends_at and ends_at > now then
      redis.call('ZADD', KEYS[i], 'GT', whole(now + lease), member)
      redis.call('PEXPIRE', KEYS[i], whole(math.ceil(lease / 1000)), 'GT')
      renewed = renewed + 1
    end
  end
end
return renewed
