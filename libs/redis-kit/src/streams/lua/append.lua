-- Appends events to a stream and to the log of its partition, or says why not. It may run again: events are known by their ids.
-- KEYS[1] log
-- KEYS[2] head
-- KEYS[3] events
-- KEYS[4] state
-- KEYS[5] olderIds
-- ARGV[1] stream
-- ARGV[2] partitions
-- ARGV[3] expected: a version, 'any' or 'exists'
-- ARGV[4] lastEventId: what the stream has to end with, empty for anything
-- ARGV[5] channel: where those who wait are told
-- ARGV[6] window: how many event ids are remembered, at least
-- ARGV[7...] additions: id, type, data, meta of each event
-- Reply: {'appended', version, last id, epoch, ordinal}, {'duplicate', version, last id}, {'conflict' or 'diverged' or 'reused', version}, {'partitions', number}
local ids, fields = {}, {}
for i = 7, #ARGV, 4 do
  ids[#ids + 1] = ARGV[i]
  fields[#fields + 1] = ':' .. ARGV[i]
end
local head = read_head()
if head.partitions and head.partitions ~= ARGV[2] then return {'partitions', tonumber(head.partitions)} end
local stream = read_stream(fields)
local expected = tonumber(ARGV[3])
local verdict, version = compare_ids(stream, ids, expected)
if verdict == 'duplicate' then
  -- WAIT counts for what its link has written: without a write it would confirm what no replica has.
  redis.call('HINCRBY', KEYS[4], 'repeats', 1)
  return {'duplicate', version, ids[#ids]}
end
if verdict == 'reused' then return {'reused', stream.version} end
local is_expected = ARGV[3] == 'any' or (expected or math.max(stream.version, 1)) == stream.version
if not is_expected then return {'conflict', stream.version} end
if ARGV[4] ~= '' and ARGV[4] ~= stream.last then return {'diverged', stream.version} end

local time = redis.call('TIME')
local at = number_text(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local pairs = {}
for i = 1, #ids do
  local arg = 3 + 4 * i
  local id, type, data, meta = ARGV[arg], ARGV[arg + 1], ARGV[arg + 2], ARGV[arg + 3]
  stream.version = stream.version + 1
  redis.call('XADD', KEYS[3], stream.version .. '-0', 'id', id, 'type', type, 'at', at, 'data', data, 'meta', meta)
  head.ordinal = head.ordinal + 1
  redis.call('XADD', KEYS[1], number_text(head.epoch) .. '-' .. number_text(head.ordinal), 'stream', ARGV[1],
    'version', stream.version, 'id', id, 'type', type, 'at', at, 'data', data, 'meta', meta)
  pairs[2 * i - 1] = fields[i]
  pairs[2 * i] = stream.version
end
stream.last = ids[#ids]
write_state(stream, pairs, tonumber(ARGV[6]))
redis.call('HSET', KEYS[2], 'epoch', number_text(head.epoch), 'ordinal', number_text(head.ordinal), 'replid', head.replid,
  'partitions', ARGV[2], 'waiting', '0')
if head.waiting then redis.call('PUBLISH', ARGV[5], '') end
return {'appended', stream.version, stream.last, number_text(head.epoch), number_text(head.ordinal)}
