-- Lists the sessions of a user, the one seen last first, and takes those off the list that are gone.
-- KEYS[1] index
-- KEYS[2] devices
-- KEYS[3] sessions: what the keys of all sessions of the user begin with
-- ARGV[1] most: how many are listed
-- Reply: handles that are gone, then per session: handle, when it expires, its device, when it was last seen
local index, devices = {key = KEYS[1]}, {key = KEYS[2]}
local gone, reply = prune(index, devices), {}

local function exists(key) return redis.call('EXISTS', key) == 1 end

local entries = redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1, 'REV', 'WITHSCORES')
for at = 1, #entries, 2 do
  local handle = entries[at]
  if exists(KEYS[3] .. handle) then
    local known = redis.call('HMGET', KEYS[2], handle, handle .. '!')
    reply[#reply + 1] = {handle, entries[at + 1], known[1] or '', known[2] or ''}
  else
    forget(index, devices, handle)
    gone[#gone + 1] = handle
  end
end
return {gone, reply}
