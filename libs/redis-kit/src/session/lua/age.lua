-- Tells how long ago the user of a session proved who he is.
-- KEYS[1] session
-- KEYS[2] epoch
-- Reply: ms, -1 when the session is gone or its user never did
local session = parse(redis.call('GET', KEYS[1]))
if not is_live(session, redis.call('GET', KEYS[2])) or session.authenticated == '0' then return -1 end
return math.max(0, now - session.authenticated)
