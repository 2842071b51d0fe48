-- The lock as it stands, and how it passes on. The time is the server's; what callers give are durations.
-- The value is owner|fence|expiry|delay|flag. Without an owner it is free and keeps the last fence; the flag `w` says that somebody waits, or that a cancelled request may still come.
local lock = KEYS[1]
local queue = KEYS[2]
local processes = KEYS[3]
local cancelled = KEYS[4]
local KEEP_MS = 600000
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)

local stored = redis.call('GET', lock)
local owner, fence, expiry, delay = string.match(stored or '', '^([^|]*)|(%d+)|(%d+)|(%d+)|')
owner, fence, expiry, delay = owner or '', tonumber(fence) or 0, tonumber(expiry) or 0, tonumber(delay) or 0

local function next_fence()
  return math.max(fence + 1, now_us)
end

-- Milliseconds until it is free by itself: the lease, and the delay after it.
local function free_in()
  return owner == '' and 0 or math.max(0, expiry + delay - now)
end

-- The first waiter whose process can take it; the dead before it go. When nobody can (the server itself was away for long), the head.
local function choose(me, announce)
  local first, dead, unable, from, last = nil, {}, {}, 0, 0
  repeat
    -- Nearly always the first one can.
    local ids = redis.call('ZRANGE', queue, from, last)
    for _, id in ipairs(ids) do
      local process = string.match(id, '^[^~]*')
      if id == me then return id, dead end
      if not unable[process] then
        local deadline = tonumber(redis.call('HGET', processes, process) or now + 1)
        if math.abs(deadline) > now and announce(id, process, deadline < 0) then return id, dead end
        unable[process] = true
      end
      first = first or id
      dead[#dead + 1] = id
    end
    from, last = last + 1, last + 64
  until #ids == 0
  if first then announce(first, string.match(first, '^[^~]*'), true) end
  return first, {}
end

-- Gives a free lock to the next waiter for the time of a claim, and tells its process. Nobody told `me`: it is here.
local function advance(me, claim_ms, channels, counts)
  if free_in() > 0 then return end
  local granted = next_fence()
  local function announce(id, process, always)
    local heard = redis.call('PUBLISH', channels .. process, string.format('%s|%.0f|%s', id, granted, claim_ms))
    return always or counts == '0' or heard > 0
  end
  local chosen, dead = choose(me, announce)
  for _, id in ipairs(dead) do redis.call('ZREM', queue, id) end
  owner, expiry, delay = chosen or '', 0, 0
  if not chosen then return end
  redis.call('ZREM', queue, chosen)
  fence = granted
  expiry = now + tonumber(claim_ms)
  delay = tonumber(string.match(chosen, '[^~]*$')) or 0
end

local function save()
  local waiting = redis.call('EXISTS', queue) == 1
  if not waiting then redis.call('DEL', processes) end
  local flag = (waiting or redis.call('EXISTS', cancelled) == 1) and 'w' or ''
  local state = string.format('%s|%.0f|%.0f|%.0f|%s', owner, fence, expiry, delay, flag)
  if state == stored or (not stored and state == '|0|0|0|') then return end
  redis.call('SET', lock, state, 'PX', string.format('%.0f', math.max(KEEP_MS, expiry + delay - now + 1000)))
end

-- A process is alive until its deadline; a negative one is of a process that cannot be woken, and asks by itself.
local function keep_waiting(process, alive_ms)
  local alive = tonumber(alive_ms)
  redis.call('HSET', processes, process, string.format('%.0f', alive < 0 and alive - now or alive + now))
  redis.call('PEXPIRE', processes, KEEP_MS)
  redis.call('PEXPIRE', queue, KEEP_MS)
end

