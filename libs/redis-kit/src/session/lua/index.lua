-- The sessions of a user: an index of handles by when they expire, and a hash of devices ("created|JSON" by handle, and under "handle!" when it was last seen).
local function forget(index, devices, handle)
  redis.call('ZREM', index.key, handle)
  redis.call('HDEL', devices.key, handle, handle .. '!')
end

-- Handles whose time is over.
local function prune(index, devices)
  local expired = redis.call('ZRANGEBYSCORE', index.key, '-inf', number(now))
  for _, handle in ipairs(expired) do forget(index, devices, handle) end
  return expired
end

-- Writes a session of a user that was not there before, and what is known about it.
local function enlist(stored, epoch, index, devices, session, handle, device, idle_ms)
  local life = life_of(session, idle_ms)
  redis.call('SET', stored.key, compose(session), 'PX', number(life))
  redis.call('ZADD', index.key, number(now + life), handle)
  redis.call('HSET', devices.key, handle, session.created .. '|' .. device, handle .. '!', number(now))
  for _, key in ipairs({epoch.key, index.key, devices.key}) do
    keep_for(key, session.finish - now)
  end
end
