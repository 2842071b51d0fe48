
-- The head of a log says which epoch its positions are of and how many events it has had. KEYS[1] is the log, KEYS[2] its
-- head. A server that was promoted or restarted has another replication id: it begins a new epoch, above all positions
-- that it knows of, and counts on. So readers see what a failover took, and never miss what came after it.
local function field(pairs, name)
  for i = 1, #pairs, 2 do
    if pairs[i] == name then return pairs[i + 1] end
  end
end

local function number_text(number)
  return string.format('%.0f', number)
end

local function new_epoch(head)
  local time = redis.call('TIME')
  local epoch = math.max(head.epoch + 1, tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
  if redis.call('EXISTS', KEYS[1]) == 1 then
    local last = field(redis.call('XINFO', 'STREAM', KEYS[1]), 'last-generated-id')
    local ms, ordinal = string.match(last, '^(%d+)-(%d+)$')
    epoch = math.max(epoch, tonumber(ms) + 1)
    head.ordinal = math.max(head.ordinal, tonumber(ordinal))
  end
  head.epoch = epoch
end

local function read_head()
  local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  local found = redis.call('HMGET', KEYS[2], 'epoch', 'ordinal', 'replid', 'waiting', 'partitions')
  local head = {
    epoch = tonumber(found[1]) or 0,
    ordinal = tonumber(found[2]) or 0,
    replid = replid,
    waiting = found[4] == '1',
    partitions = found[5],
  }
  if found[3] ~= replid then new_epoch(head) end
  return head
end
