-- Saves the data of a session that is still alive, if nobody saved it since it was read. It never brings one back.
-- KEYS[1] session
-- KEYS[2] epoch
-- ARGV[1] version: that was read, 0 for whatever there is
-- ARGV[2] data
-- Reply: {1, new version} saved, {0} gone, {-1, version, data} saved by somebody else
local session = parse(redis.call('GET', KEYS[1]))
if not is_live(session, redis.call('GET', KEYS[2])) then return {0} end
local version = tonumber(ARGV[1])
if version > 0 and version ~= session.version then
  return {-1, session.version, session.data}
end
session.version = session.version + 1
session.data = ARGV[2]
redis.call('SET', KEYS[1], compose(session), 'KEEPTTL')
return {1, session.version}
