-- The permits of a semaphore or a read/write lock, and how they pass on. The time is the server's; what callers give are durations.
-- `holders` (by the end of the lease) is the only truth of who holds, `queue` (by ticket) of who waits. An id is process~number~weight. `meta` has the last fence, each holder's fence, and the limit if it was resized. `refused` has ids that were cancelled or whose lease ran out, and may still be asked for.
local holders = KEYS[1]
local queue = KEYS[2]
local processes = KEYS[3]
local meta = KEYS[4]
local refused = KEYS[5]
local KEEP_MS = 600000
local KEEP_LIMIT_MS = 604800000
local REFUSE_MS = 60000
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)
local limit = tonumber(redis.call('HGET', meta, 'limit') or ARGV[4])

local function weight_of(id)
  return tonumber(string.match(id, '%d+$'))
end

local function process_of(id)
  return string.match(id, '^[^~]*')
end

-- The fence of a grant, kept with the holder. Greater than all before it even when the last one was lost: by then the clock has moved on.
local function fence_of(id)
  local own = redis.call('HGET', meta, id)
  if own then return own end
  local fence = string.format('%.0f', math.max(tonumber(redis.call('HGET', meta, 'fence') or 0) + 1, now_us))
  redis.call('HSET', meta, 'fence', fence, id, fence)
  return fence
end

local function stop_holding(id)
  redis.call('HDEL', meta, id)
  return redis.call('ZREM', holders, id)
end

local function refuse(id)
  redis.call('ZREMRANGEBYSCORE', refused, '-inf', now)
  redis.call('ZADD', refused, now + REFUSE_MS, id)
  redis.call('PEXPIRE', refused, REFUSE_MS)
end

local function is_refused(id)
  return tonumber(redis.call('ZSCORE', refused, id) or 0) > now
end

-- A place in the queue, kept if there is one: the one it had before, or the last.
local function enqueue(id, ticket)
  if ticket == '' then
    local tail = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')
    ticket = string.format('%.0f', math.max(now_us, tonumber(tail[2] or 0) + 1))
  end
  redis.call('ZADD', queue, 'NX', ticket, id)
end

-- The first waiter whose process can take it, and the dead before it. When nobody can (the server itself was away for long), the head.
local function choose(me, unable)
  local dead, from, last = {}, 0, 0
  repeat
    -- Nearly always the first one can.
    local ids = redis.call('ZRANGE', queue, from, last)
    for _, id in ipairs(ids) do
      if id == me then return id, dead, true end
      local process = process_of(id)
      local deadline = tonumber(redis.call('HGET', processes, process) or now + 1)
      if not unable[process] and math.abs(deadline) > now then return id, dead, deadline < 0 end
      dead[#dead + 1] = id
    end
    from, last = last + 1, last + 64
  until #ids == 0
  return dead[1], {}, true
end

-- Gives what is free to the head of the queue, for the time of a claim, and to the next ones as long as they fit; tells their processes. Nobody told `me`: it is here. A waiter heavier than the limit would block for ever: it is sent away, and hears why when it asks.
local function advance(me)
  local used, unable = 0, {}
  for _, id in ipairs(redis.call('ZRANGE', holders, 0, -1)) do used = used + weight_of(id) end
  local id, dead, asks = choose(me, unable)
  while id and (used + weight_of(id) <= limit or weight_of(id) > limit) do
    local process, heavy, heard = process_of(id), weight_of(id) > limit, 1
    if id ~= me and not heavy then
      heard = redis.call('PUBLISH', ARGV[1] .. process, string.format('%s|%s|%s', id, fence_of(id), ARGV[3]))
    end
    if heard == 0 and ARGV[2] == '1' and not asks then
      redis.call('HDEL', meta, id)
      unable[process] = true
    else
      for _, before in ipairs(dead) do redis.call('ZREM', queue, before) end
      redis.call('ZREM', queue, id)
      if not heavy then
        redis.call('ZADD', holders, now + ARGV[3], id)
        used = used + weight_of(id)
        fence_of(id)
      end
    end
    id, dead, asks = choose(me, unable)
  end
  return used
end

-- A process is alive until its deadline; a negative one is of a process that cannot be woken, and asks by itself.
local function keep_waiting(process, alive_ms)
  local alive = tonumber(alive_ms)
  redis.call('HSET', processes, process, string.format('%.0f', alive < 0 and alive - now or alive + now))
  redis.call('PEXPIRE', processes, KEEP_MS)
  redis.call('PEXPIRE', queue, KEEP_MS)
end

-- Keys outlive what is in them, and a limit that was set is kept for a week after its last use.
local function save()
  if redis.call('EXISTS', queue) == 0 then redis.call('DEL', processes) end
  local last = redis.call('ZRANGE', holders, -1, -1, 'WITHSCORES')
  local keep = math.max(KEEP_MS, (tonumber(last[2]) or 0) - now + 1000)
  redis.call('PEXPIRE', holders, keep)
  redis.call('PEXPIRE', meta, redis.call('HEXISTS', meta, 'limit') == 1 and math.max(keep, KEEP_LIMIT_MS) or keep)
end

-- Limit, weight in use, waiters, ms until the first lease ends (-1: nobody holds), and since when that one has been held.
local function standing(used)
  local first = redis.call('ZRANGE', holders, 0, 0, 'WITHSCORES')
  local reply = {limit, used, redis.call('ZCARD', queue), -1, 0}
  if first[1] then
    reply[4] = tonumber(first[2]) - now
    reply[5] = math.max(0, math.floor((now_us - fence_of(first[1])) / 1000))
  end
  return reply
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', holders, '-inf', now)) do
  stop_holding(id)
  refuse(id)
end
