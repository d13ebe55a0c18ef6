-- The app's token: KEYS[1] is the key that it is kept under. ARGV: the request as JSON, and
-- microseconds added to the clock. See easemob_async/shared/protocol.py.

local SECOND = 1000000
local BETWEEN_FORCED = 60 * SECOND -- between renewals of a token that the service refuses
local DAY = 86400 * SECOND

local request = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * SECOND + time[2] + tonumber(ARGV[2])
local row = redis.call('GET', KEYS[1])
row = row and cmsgpack.unpack(row) or {
  token = '', ends = 0, renew = 0, forced = 0, forcing = false,
  holder = '', lease = 0, retry = 0, failures = 0, error = '',
}

local function keep()
  local longest = math.max(row.ends - now, DAY)
  if row.ends < 0 then longest = 366 * DAY end
  redis.call('SET', KEYS[1], cmsgpack.pack(row), 'PX', math.ceil(longest / 1000))
end

if request.put then
  if row.holder ~= request.holder then return 0 end
  row.holder, row.lease = '', 0
  if request.token ~= '' then
    row.token, row.retry, row.failures, row.error = request.token, 0, 0, ''
    row.ends, row.renew = -1, -1
    if request.life >= 0 then
      row.ends = now + request.life
      row.renew = row.ends - request.renew
    end
    if row.forcing then row.forced = now end
  else
    row.retry, row.error = now + request.wait, request.error
    row.failures = row.failures + 1
  end
  keep()
  return 1
end

local forcing = false
if row.token ~= '' and (row.ends < 0 or row.ends > now + SECOND) then
  local left = row.ends < 0 and -1 or row.ends - now
  if row.token ~= request.known then return {row.token, left, 0, 0, '', 0} end
  forcing = row.renew < 0 or now < row.renew
  if forcing and now - row.forced < BETWEEN_FORCED then return {row.token, left, 0, 0, '', 0} end
end
if row.retry > now then return {'', -1, 0, row.retry - now, row.error, row.failures} end
if row.lease > now and row.holder ~= request.holder then return {'', -1, 0, 0, '', 0} end
row.holder, row.lease, row.forcing = request.holder, now + request.lease, forcing
keep()
return {'', -1, 1, 0, '', row.failures}
