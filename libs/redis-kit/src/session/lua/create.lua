-- Creates the session of a guest, unless there is, or was just now, one in its place.
-- KEYS[1] session
-- ARGV[1] digest
-- ARGV[2] data
-- ARGV[3] idleMs
-- ARGV[4] absoluteMs
-- Reply: 1 created, 0 not
local session = {
  version = 1, epoch = '0', created = number(now), finish = now + ARGV[4], authenticated = '0',
  since = number(now), digest = ARGV[1], user = '', data = ARGV[2],
}
local stored = redis.call('SET', KEYS[1], compose(session), 'PX', number(life_of(session, ARGV[3])), 'NX')
return stored and 1 or 0
