-- Writes a value unless somebody with a greater fence wrote before.
-- KEYS[1] record
-- ARGV[1] fence
-- ARGV[2] value
-- ARGV[3] ttlMs
-- Reply: 1 written, 0 refused: the writer is late
local known = redis.call('HGET', KEYS[1], 'fence')
if known and tonumber(known) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'value', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
