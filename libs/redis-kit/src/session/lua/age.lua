-- Tells how long ago the user of a session proved who he is, to those who have its secret, or the one that it followed from by itself.
-- KEYS[1] session
-- KEYS[2] epoch
-- ARGV[1] digest: of the secret they have
-- ARGV[2] successor: digest of the one that follows from it
-- Reply: ms, -1 when the session is gone, has another secret, or its user never did
local session = parse(redis.call('GET', KEYS[1]))
if not is_live(session, redis.call('GET', KEYS[2])) or session.authenticated == '0' then return -1 end
if session.digest ~= ARGV[1] and session.digest ~= ARGV[2] then return -1 end
return math.max(0, now - session.authenticated)
