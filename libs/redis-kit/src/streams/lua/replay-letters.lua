-- Sends dead letters back to the group they came from.
-- KEYS[1] dead
-- KEYS[2] retry
-- ARGV[1] channel
-- ARGV[2...] ids
-- Reply: how many
local count = 0
for i = 2, #ARGV do
  local letter = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
  if letter then
    redis.call('XADD', KEYS[2], '*', unpack(letter[2]))
    redis.call('XDEL', KEYS[1], ARGV[i])
    count = count + 1
  end
end
if count > 0 then redis.call('PUBLISH', ARGV[1], '') end
return count
