-- Takes over a user's session that was stored in another format, once, unless it was ended or all were revoked.
-- KEYS[1] session
-- KEYS[2] epoch
-- KEYS[3] index
-- KEYS[4] devices
-- KEYS[5] revoked
-- ARGV[1] handle
-- ARGV[2] digest
-- ARGV[3] user
-- ARGV[4] data
-- ARGV[5] idleMs
-- ARGV[6] absoluteMs
-- Reply: 1 taken over, 0 it was before, -1 revoked
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if redis.call('EXISTS', KEYS[5]) == 1 then return -1 end
redis.call('SET', KEYS[2], number(now_us), 'PX', ARGV[6], 'NX')
enlist({key = KEYS[1]}, {key = KEYS[2]}, {key = KEYS[3]}, {key = KEYS[4]}, {
  version = 1, epoch = redis.call('GET', KEYS[2]), created = number(now), finish = now + ARGV[6], authenticated = '0',
  since = number(now), digest = ARGV[2], user = ARGV[3], data = ARGV[4],
}, ARGV[1], '{}', ARGV[5])
return 1
