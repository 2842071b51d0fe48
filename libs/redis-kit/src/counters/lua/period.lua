-- What scripts of counts and boards have in common: periods, by the clock of the server, and expiry. '' stands for none.

-- The server's time in ms when it is not within the period.
local function time_outside(from, till)
  if from == '' then
    return nil
  end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if now < tonumber(from) or now >= tonumber(till) then
    return now
  end
end

-- What belongs to a period ends at a moment, everything else a while after its last change, or never.
local function expire(key, ttl, at)
  if at ~= '' then
    redis.call('PEXPIREAT', key, at)
  elseif ttl ~= '' then
    redis.call('PEXPIRE', key, ttl)
  else
    redis.call('PERSIST', key)
  end
end

