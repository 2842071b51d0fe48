-- Creates the session of a user who logged in, within the number of sessions a user may have.
-- KEYS[1] session
-- KEYS[2] epoch
-- KEYS[3] index
-- KEYS[4] devices
-- KEYS[5] sessions: what the keys of all sessions of the user begin with
-- ARGV[1] handle
-- ARGV[2] digest
-- ARGV[3] user
-- ARGV[4] data
-- ARGV[5] device
-- ARGV[6] idleMs
-- ARGV[7] absoluteMs
-- ARGV[8] most: sessions a user may have, 0 for any number
-- ARGV[9] evicts: 1 to end the oldest, 0 to refuse
-- ARGV[10] ticket: the epoch it must still be, empty for any
-- ARGV[11] endedMs: how long an ended session is remembered
-- Reply: {1, handles that expired, handles that were ended}, {-1} revoked meanwhile, {-2, handles that expired} refused
local index, devices = {key = KEYS[3]}, {key = KEYS[4]}
local epoch = redis.call('GET', KEYS[2])
if ARGV[10] ~= '' and ARGV[10] ~= epoch then return {-1} end
local expired, ended, most = prune(index, devices), {}, tonumber(ARGV[8])

local function read(key) return parse(redis.call('GET', key)) end
local function finish(key) redis.call('SET', key, 'x', 'PX', ARGV[11]) end

if most > 0 and redis.call('ZCARD', KEYS[3]) >= most then
  local live = {}
  for _, handle in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    local session = read(KEYS[5] .. handle)
    if is_live(session, epoch) then
      live[#live + 1] = {handle = handle, created = tonumber(session.created)}
    else
      forget(index, devices, handle)
      expired[#expired + 1] = handle
    end
  end
  if #live >= most and ARGV[9] ~= '1' then return {-2, expired} end
  table.sort(live, function(a, b)
    if a.created == b.created then return a.handle < b.handle end
    return a.created < b.created
  end)
  for at = 1, #live - most + 1 do
    finish(KEYS[5] .. live[at].handle)
    forget(index, devices, live[at].handle)
    ended[#ended + 1] = live[at].handle
  end
end
if not epoch then
  epoch = number(now_us)
  redis.call('SET', KEYS[2], epoch, 'PX', ARGV[7])
end
enlist({key = KEYS[1]}, {key = KEYS[2]}, index, devices, {
  version = 1, epoch = epoch, created = number(now), finish = now + ARGV[7], authenticated = number(now),
  since = number(now), digest = ARGV[2], user = ARGV[3], data = ARGV[4],
}, ARGV[1], ARGV[5], ARGV[6])
return {1, expired, ended}
