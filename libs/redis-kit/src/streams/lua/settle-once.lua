-- Changes what is written of a piece of work, if it is still as its runner left it.
-- KEYS[1] inbox
-- ARGV[1] token: what is written now
-- ARGV[2] next: what is written from now on, empty for nothing
-- ARGV[3] ttlMs
-- Reply: 1 written, 0 it is somebody else's by now
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
