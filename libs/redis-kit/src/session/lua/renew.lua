-- Gives a session a new secret; the one before is good for a little longer, for requests that are on their way.
-- KEYS[1] session
-- KEYS[2] epoch
-- KEYS[3] grace
-- ARGV[1] digest: of the secret it has
-- ARGV[2] next: digest of the new one
-- ARGV[3] graceMs
-- ARGV[4] authenticates: 1 when the user has just proved who he is
-- Reply: 1 it has the new secret, 0 it is gone or has another one
local session = parse(redis.call('GET', KEYS[1]))
if not is_live(session, redis.call('GET', KEYS[2])) then return 0 end
if session.digest == ARGV[2] then return 1 end
if session.digest ~= ARGV[1] then return 0 end
session.digest = ARGV[2]
session.since = number(now)
if ARGV[4] == '1' then session.authenticated = number(now) end
redis.call('SET', KEYS[1], compose(session), 'KEEPTTL')
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[3])
return 1
