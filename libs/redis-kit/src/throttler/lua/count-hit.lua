-- Counts a hit for `ttlMs`, unless the client is blocked or its hits are used up.
-- KEYS[1] hits: runs of hits that expire together, "<expiry in ms>:<number>", oldest first
-- KEYS[2] state: `total` of the hits, and `blockedUntil` in ms
-- ARGV[1] ttlMs
-- ARGV[2] limit
-- ARGV[3] blockMs, 0 for no block: then hits above the limit are not counted
-- ARGV[4] stepMs: hits that expire within one step expire together, at its end
-- Reply: total hits, ms until the oldest expires, 1 blocked or 0, ms until it is not any more
local ttl, limit, block, step = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local state = redis.call('HMGET', KEYS[2], 'total', 'blockedUntil')
local total, blocked = tonumber(state[1]) or 0, (tonumber(state[2]) or 0) - now
if block > 0 and blocked > 0 then
  return { limit + 1, blocked, 1, blocked }
end

local function run(at)
  local expiry, number = string.match(redis.call('LINDEX', KEYS[1], at) or '', '^(%d+):(%d+)$')
  return tonumber(expiry), tonumber(number)
end
local function keep(count)
  local life = math.max(1, ttl + step, redis.call('PTTL', KEYS[1]))
  redis.call('HSET', KEYS[2], 'total', count)
  redis.call('PEXPIRE', KEYS[2], life)
  redis.call('PEXPIRE', KEYS[1], life)
end

local oldest, number = run(0)
while oldest and oldest <= now do
  redis.call('LPOP', KEYS[1])
  total = total - number
  oldest, number = run(0)
end
total = oldest and math.max(0, total) or 0

if block <= 0 and total >= limit then
  keep(total)
  local left = (oldest or now + ttl) - now
  return { total + 1, left, 1, left }
end
total = total + 1
if block > 0 and total > limit then
  -- After the block the client starts anew, or its first hit would block it again.
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], 'blockedUntil', now + block)
  redis.call('PEXPIRE', KEYS[2], block)
  return { total, block, 1, block }
end
local expiry = math.ceil((now + ttl) / step) * step
local newest, together = run(-1)
if newest == expiry then
  redis.call('LSET', KEYS[1], -1, string.format('%.0f:%.0f', expiry, together + 1))
else
  redis.call('RPUSH', KEYS[1], string.format('%.0f:1', expiry))
end
keep(total)
return { total, (oldest or expiry) - now, 0, 0 }
