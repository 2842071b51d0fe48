-- Moves an event to the dead letters: it is acknowledged and kept there, or neither.
-- KEYS[1] log
-- KEYS[2] group
-- KEYS[3] attempts
-- KEYS[4] dead
-- KEYS[5] retry
-- ARGV[1] name: of the group
-- ARGV[2] fence
-- ARGV[3] origin: 'log', or 'retry' for one that was sent back
-- ARGV[4] id
-- ARGV[5...] letter: fields of the dead letter
-- Reply: 1 moved, 0 it was not there any more, -1 somebody else is the owner
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[2] then return -1 end
local taken
if ARGV[3] == 'log' then
  taken = redis.call('XACK', KEYS[1], ARGV[1], ARGV[4])
else
  taken = redis.call('XDEL', KEYS[5], ARGV[4])
end
redis.call('HDEL', KEYS[3], ARGV[4])
if taken == 0 then return 0 end
local fields = {}
for i = 5, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('XADD', KEYS[4], '*', 'buried', text_of(now), unpack(fields))
return 1
