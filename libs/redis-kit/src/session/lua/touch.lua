-- Gives a session that is alive its idle time anew, never beyond its absolute end, and puts it back on the list should that have been lost.
-- KEYS[1] session
-- KEYS[2] epoch
-- KEYS[3] index
-- KEYS[4] devices
-- ARGV[1] handle
-- ARGV[2] idleMs
-- ARGV[3] renewalMs: age at which a secret is renewed, 0 for never
-- Reply: -1 gone, 0 touched, 1 touched and its secret is to be renewed
local session = parse(redis.call('GET', KEYS[1]))
if not is_live(session, redis.call('GET', KEYS[2])) then return -1 end
local life = life_of(session, ARGV[2])
if life <= 0 then return -1 end
redis.call('PEXPIRE', KEYS[1], number(life))
if session.user ~= '' then
  redis.call('ZADD', KEYS[3], number(now + life), ARGV[1])
  redis.call('HSETNX', KEYS[4], ARGV[1], session.created .. '|{}')
  redis.call('HSET', KEYS[4], ARGV[1] .. '!', number(now))
  keep_for(KEYS[3], session.finish - now)
  keep_for(KEYS[4], session.finish - now)
end
local renewal = tonumber(ARGV[3])
return renewal > 0 and now - session.since >= renewal and 1 or 0
