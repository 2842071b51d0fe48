-- Blocks of a tracker: a hash by policy, `*` for all of them, of the time (microseconds) a block ends, how long it lasts, how often it happened in a row, and when that is forgotten.
local function read_blocks(key, now)
  local blocks = { key = key, by_name = {} }
  local stored = redis.call('HGETALL', key)
  for i = 1, #stored, 2 do
    local ends_at, length, level, forgotten_at = string.match(stored[i + 1], '^(%d+) (%d+) (%d+) (%d+)$')
    local block = { ends_at = tonumber(ends_at), length = tonumber(length), level = tonumber(level), forgotten_at = tonumber(forgotten_at) }
    if block.forgotten_at > now then blocks.by_name[stored[i]] = block else redis.call('HDEL', key, stored[i]) end
  end
  return blocks
end

-- A clock that stepped back makes no block longer than it was.
local function blocked_for(blocks, name, now)
  local block = blocks.by_name[name]
  return block and math.min(block.ends_at - now, block.length) or 0
end

local function set_block(blocks, name, block, now)
  blocks.by_name[name] = block
  redis.call('HSET', blocks.key, name, table.concat({ whole(block.ends_at), whole(block.length), whole(block.level), whole(block.forgotten_at) }, ' '))
  local last = 0
  for _, other in pairs(blocks.by_name) do last = math.max(last, other.forgotten_at) end
  expire_after(blocks.key, last - now)
end

-- Begins the next block of a policy that denied, and answers how long it lasts.
local function raise_block(blocks, bucket, now)
  local first, factor, longest, forget = string.match(bucket.block, '^ (%d+) (%d+) (%d+) (%d+)$')
  local before = blocks.by_name[bucket.name]
  local level = before and before.level or 0
  local length = math.min(tonumber(first) * tonumber(factor) ^ level, tonumber(longest))
  local ends_at = now + length
  set_block(blocks, bucket.name, { ends_at = ends_at, length = length, level = level + 1, forgotten_at = ends_at + tonumber(forget) }, now)
  return length
end

local function to_ms(microseconds)
  return microseconds < 0 and -1 or math.ceil(microseconds / 1000)
end

