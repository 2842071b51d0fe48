-- A session as it is stored: "version|epoch|created|end|authenticated|secret since|digest of the secret|user", a line break, then JSON. Times are the server's, in ms. "x" stands for one that was ended, "c|digest", a line break and JSON for one of a guest that was claimed.
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)

local function number(value)
  return string.format('%.0f', value)
end

local function parse(record)
  local version, epoch, created, finish, authenticated, since, digest, user, at =
    string.match(record or '', '^(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|([^|\n]*)|([^|\n]*)\n()')
  if not version then return nil end
  return {
    version = tonumber(version), epoch = epoch, created = created, finish = tonumber(finish),
    authenticated = authenticated, since = since, digest = digest, user = user, data = string.sub(record, at),
  }
end

local function compose(session)
  return table.concat({
    number(session.version), session.epoch, session.created, number(session.finish),
    session.authenticated, session.since, session.digest, session.user,
  }, '|') .. '\n' .. session.data
end

-- Of guests there is no epoch; a user's session is dead without one.
local function is_live(session, epoch)
  return session and (session.user == '' or session.epoch == epoch)
end

-- Milliseconds that a session lives on from now.
local function life_of(session, idle_ms)
  return math.min(tonumber(idle_ms), session.finish - now)
end

local function keep_for(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, number(ms)) end
end
