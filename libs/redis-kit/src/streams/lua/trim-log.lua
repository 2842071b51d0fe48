-- Shortens a log to about so many events, never beyond what each of its groups has handled.
-- KEYS[1] log
-- KEYS[2] head
-- ARGV[1] keep
-- Reply: how many were removed
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local function ordinal_of(id)
  return tonumber(string.match(id, '-(%d+)$'))
end
local function value_of(pairs, name)
  for i = 1, #pairs, 2 do
    if pairs[i] == name then return pairs[i + 1] end
  end
end
local ordinal = tonumber(redis.call('HGET', KEYS[2], 'ordinal')) or 0
local keep = tonumber(ARGV[1])
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local handled = ordinal_of(value_of(group, 'last-delivered-id'))
  local lowest = redis.call('XPENDING', KEYS[1], value_of(group, 'name'))[2]
  if lowest then handled = math.min(handled, ordinal_of(lowest) - 1) end
  -- Positions are dense, so this many events lie behind.
  keep = math.max(keep, ordinal - handled)
end
return redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', keep)
