
-- What is known of one stream: KEYS[3] its events, KEYS[4] its state, KEYS[5] the event ids before the recent ones.
-- Recent ids are kept in two generations, so that the state of a long stream stays small.
local function read_stream(fields)
  local found = redis.call('HMGET', KEYS[4], 'version', 'last', 'count', 'older', unpack(fields))
  local stream = {
    version = tonumber(found[1]),
    last = found[2],
    count = tonumber(found[3]) or 0,
    older = found[4],
    versions = {},
  }
  if not stream.version then
    local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
    stream.version = newest and tonumber(string.match(newest[1], '^%d+')) or 0
    stream.last = newest and field(newest[2], 'id') or ''
  end
  local older = stream.older and redis.call('HMGET', KEYS[5], unpack(fields)) or {}
  for i = 1, #fields do
    stream.versions[i] = tonumber(found[i + 4] or older[i] or nil) or 0
  end
  return stream
end

-- 'new' when none of these events is known, 'duplicate' when they are there as this very list, else 'reused'.
local function compare_ids(stream, ids, expected)
  local first, known = stream.versions[1], 0
  for i = 1, #ids do
    if stream.versions[i] > 0 then
      known = known + 1
      if stream.versions[i] ~= first + i - 1 then return 'reused' end
    end
  end
  if known == #ids then return 'duplicate', first + known - 1 end
  if known > 0 then return 'reused' end
  if not expected or stream.version < expected + #ids then return 'new' end
  -- Ids are forgotten at some time; what stands at a given version is not.
  local there = redis.call('XRANGE', KEYS[3], (expected + 1) .. '-0', (expected + #ids) .. '-0')
  for i = 1, #ids do
    if not there[i] or field(there[i][2], 'id') ~= ids[i] then return 'new' end
  end
  return 'duplicate', expected + #ids
end

-- Remembers the new ids as `:<id>`, version pairs, and the new end of the stream.
local function write_state(stream, pairs, window)
  if stream.count >= window then
    redis.call('RENAME', KEYS[4], KEYS[5])
    stream.count = 0
    stream.older = '1'
  end
  local count = stream.count + #pairs / 2
  redis.call('HSET', KEYS[4], 'version', stream.version, 'last', stream.last, 'count', count, unpack(pairs))
  if stream.older then redis.call('HSET', KEYS[4], 'older', stream.older) end
end
