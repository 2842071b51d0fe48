-- Tells the time of the server that holds a key. The key does nothing but lead there.
-- KEYS[1] key
-- Reply: milliseconds since 1970
redis.call('EXISTS', KEYS[1])
local time = redis.call('TIME')
return time[1] * 1000 + math.floor(time[2] / 1000)
