-- Appends an event to the history of its partition and sends it to who listens now, with the id of the entry before it. A frame that is empty is written only to say that acknowledged entries were lost.
-- KEYS[1] log
-- ARGV[1] channel
-- ARGV[2] frame
-- ARGV[3] known: the last id this publisher was given here, empty when it has none
-- ARGV[4] history: how many entries are kept, about
-- ARGV[5] retentionMs
-- Reply: the id of the entry, empty when there was nothing to write
local log = KEYS[1]
local known = ARGV[3]
local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local before = newest and newest[1] or '0-0'
local is_broken = false
if known ~= '' and known ~= before then
  local there = redis.call('XRANGE', log, known, '+', 'COUNT', 1)[1]
  if not there then
    is_broken = true
  elseif there[1] ~= known then
    -- Older than everything: it was trimmed, as it should be.
    is_broken = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1][1] ~= there[1]
  end
end
if ARGV[2] == '' and not is_broken then
  return ''
end
local mark = is_broken and '!' .. before or before
local id = redis.call('XADD', log, 'MAXLEN', '~', ARGV[4], '*', 'p', mark, 'd', ARGV[2])
redis.call('PEXPIRE', log, ARGV[5])
redis.call('SPUBLISH', ARGV[1], id .. ' ' .. mark .. '\n' .. ARGV[2])
return id
