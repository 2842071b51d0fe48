-- Reads the epoch of a user, and begins one where there is none, so that a login can tell whether it was revoked meanwhile.
-- KEYS[1] epoch
-- ARGV[1] lifeMs
-- Reply: the epoch
redis.call('SET', KEYS[1], number(now_us), 'PX', ARGV[1], 'NX')
keep_for(KEYS[1], tonumber(ARGV[1]))
return redis.call('GET', KEYS[1])
