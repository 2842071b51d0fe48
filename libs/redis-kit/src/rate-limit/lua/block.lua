-- Blocks a tracker for a while, whatever its policies say.
-- KEYS[1] blocks
-- ARGV[1] forMs
-- Reply: 1
local now = server_time()
local length = tonumber(ARGV[1]) * 1000
local ends_at = now + length
set_block(read_blocks(KEYS[1], now), '*', { ends_at = ends_at, length = length, level = 0, forgotten_at = ends_at }, now)
return 1
