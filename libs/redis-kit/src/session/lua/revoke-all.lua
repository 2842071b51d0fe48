-- Ends all sessions of a user by a new epoch, those that are being created, or are not on the list, included; but one, if it is alive.
-- KEYS[1] epoch
-- KEYS[2] index
-- KEYS[3] devices
-- KEYS[4] revoked
-- KEYS[5] kept: the session that goes on, or any key that is none
-- ARGV[1] handle: of the session that goes on, empty for none
-- ARGV[2] absoluteMs
-- Reply: the handles that were ended
local old = redis.call('GET', KEYS[1])
local epoch = number(math.max((tonumber(old) or 0) + 1, now_us))
local life = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[1]))
local kept = ARGV[1] ~= '' and parse(redis.call('GET', KEYS[5])) or nil
if kept and not is_live(kept, old) then kept = nil end
local expiry = kept and redis.call('ZSCORE', KEYS[2], ARGV[1])
local device = kept and redis.call('HMGET', KEYS[3], ARGV[1], ARGV[1] .. '!')
local ended = {}
for _, handle in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if not kept or handle ~= ARGV[1] then ended[#ended + 1] = handle end
end
redis.call('UNLINK', KEYS[2], KEYS[3])
redis.call('SET', KEYS[1], epoch, 'PX', number(life))
redis.call('SET', KEYS[4], epoch, 'PX', number(life))
if kept then
  kept.epoch = epoch
  redis.call('SET', KEYS[5], compose(kept), 'KEEPTTL')
  redis.call('ZADD', KEYS[2], expiry or number(now + redis.call('PTTL', KEYS[5])), ARGV[1])
  redis.call('HSET', KEYS[3], ARGV[1], device[1] or (kept.created .. '|{}'), ARGV[1] .. '!', device[2] or number(now))
  keep_for(KEYS[2], kept.finish - now)
  keep_for(KEYS[3], kept.finish - now)
end
return ended
