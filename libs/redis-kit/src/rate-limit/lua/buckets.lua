-- What the algorithms have in common. Each has `look` (what is left, and how long until `cost` fits), `add` and `give`. Times are microseconds of the server's clock; `bucket.now` never runs backwards within a bucket.
local algorithms = {}
local LARGEST = 1e15

-- Numbers beyond 14 digits would lose some of them on their way to text.
local function whole(number)
  return string.format('%.0f', number)
end

local function expire_after(key, microseconds)
  redis.call('PEXPIRE', key, whole(math.max(1, math.ceil(microseconds / 1000))))
end

-- Text that means nothing any more from then on.
local function keep_until(bucket, ends_at, text)
  if ends_at > bucket.now then
    redis.call('SET', bucket.key, text, 'PX', whole(math.ceil((ends_at - bucket.now) / 1000)))
  else
    redis.call('DEL', bucket.key)
  end
end

local function server_time()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- A policy as the client spells it: algorithm, limit, three numbers of the algorithm, countDenied, name.
local function read_policy(key, text, now)
  local algorithm, limit, a, b, c, counts_denied, name, block =
    string.match(text, '^(%a) (%d+) (%d+) (%d+) (%d+) (%d) (%S+)(.*)$')
  return {
    key = key,
    now = now,
    algorithm = algorithm,
    limit = tonumber(limit),
    a = tonumber(a),
    b = tonumber(b),
    c = tonumber(c),
    counts_denied = counts_denied == '1',
    name = name,
    block = block,
  }
end

