
-- What the scripts of an owned consumer group share: the server's time, and numbers as text.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function text_of(number)
  return string.format('%.0f', number)
end
