-- Makes a value stale from now on, under a new id, so that no refresh that is running takes its place. What cannot be stale is removed: a value without a time to be stale in, a lease, a failure.
-- KEYS[1] entry
-- ARGV[1] id
-- Reply: 1 there was something, 0 nothing
local head = redis.call('GETRANGE', KEYS[1], 0, 22)
local kind = string.sub(head, 1, 1)
if #head < 23 or (kind ~= 'V' and kind ~= 'S') then
  return redis.call('UNLINK', KEYS[1])
end
local stale_from = struct.unpack('>I6', string.sub(head, 18, 23))
if stale_from == 0 then
  return redis.call('UNLINK', KEYS[1])
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('SETRANGE', KEYS[1], 0, 'S' .. ARGV[1] .. struct.pack('>I6', math.min(stale_from, now)))
return 1
