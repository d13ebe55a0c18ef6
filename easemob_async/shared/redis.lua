-- One step on the account of an app; see easemob_async/shared/protocol.py for what it means.
-- KEYS[1] is the account's key, and every key begins with it. ARGV: the request as JSON, the run id
-- of the server (a restart may bring back an old account), and microseconds added to the clock.

local SECOND = 1000000
local DAY = 86400 * SECOND
local SHORTEST_POLL, LONGEST_POLL, GRACE = 3000, 500000, 500000
local CONFIGURED = 30 * SECOND -- a capacity counts so long after a process named it
local STEP = SECOND            -- a clock that goes back by less stands still
local SLOWEST = 1 / 16
local LOOKED_AT = 128          -- holds that are looked at to tell a waiter when to come back
local KEPT = 3600 * SECOND     -- idle limits are forgotten

local TAKEN, WAIT, HEAVY, BEHIND = 0, 1, 2, 3

local prefix = KEYS[1]
local request = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local clock = time[1] * SECOND + time[2] + tonumber(ARGV[3])

local account = redis.call('GET', prefix)
account = account and cmsgpack.unpack(account) or nil
local changed = false

local function renew(closed)
  account = {
    generation = request.fresh, born = clock, closed = closed and clock or 0, server = ARGV[2],
  }
  changed = true
end

if not account then
  renew(request.known ~= '')
elseif account.server ~= ARGV[2] then
  renew(true)
elseif request.known ~= '' and request.known ~= account.generation then
  if account.closed < account.born then
    account.closed = account.born
    changed = true
  end
elseif request.known ~= '' and request.stepped then
  renew(true)
end

local keys, states = request.limits, {}
local last = 0
for i, key in ipairs(keys) do
  local packed = redis.call('GET', prefix .. ':' .. key[1])
  local state = packed and cmsgpack.unpack(packed) or nil
  states[i] = state or false
  if state and state.generation == account.generation and state.last > last then
    last = state.last
  end
end
if last > clock + STEP then
  renew(true)
  last = 0
end
local now = math.max(clock, last)

-- A limit's holds: permits by the times at which their units come back, and their units.
local function holds_of(i) return prefix .. ':' .. keys[i][1] .. ':holds' end
local function units_of(i) return prefix .. ':' .. keys[i][1] .. ':units' end

-- When the units of a call come back that was answered then.
local function release(window, at)
  if window == DAY then return at - at % DAY + DAY end
  return at + window
end

local function free(i, permit)
  states[i].held = states[i].held - tonumber(redis.call('HGET', units_of(i), permit))
  redis.call('HDEL', units_of(i), permit)
end

local function expire(i)
  local gone = redis.call('ZRANGEBYSCORE', holds_of(i), '-inf', now)
  if #gone == 0 then return end
  for _, permit in ipairs(gone) do free(i, permit) end
  redis.call('ZREMRANGEBYSCORE', holds_of(i), '-inf', now)
end

for i, key in ipairs(keys) do
  local state = states[i]
  if not state or state.generation ~= account.generation then
    redis.call('DEL', holds_of(i), units_of(i))
    state = {
      generation = account.generation, held = 0, queue = {}, configured = {},
      pace = 1, pace_at = 0, paused = 0, next_slot = 0, slot_of = '', latest = now,
    }
    states[i] = state
  end
  state.last = now
  expire(i)
  local queue = {}
  for _, ticket in ipairs(state.queue) do
    if ticket[3] > now then queue[#queue + 1] = ticket end
  end
  state.queue = queue
  local configured = {{key[2], now + CONFIGURED}}
  state.capacity = key[2]
  for _, pair in ipairs(state.configured) do
    if pair[2] > now and pair[1] ~= key[2] then
      configured[#configured + 1] = pair
      state.capacity = math.min(state.capacity, pair[1])
    end
  end
  state.configured = configured
end

local function hold(i, permit, units, at)
  local state = states[i]
  redis.call('ZADD', holds_of(i), at, permit)
  redis.call('HSET', units_of(i), permit, units)
  state.held = state.held + units
  state.latest = math.max(state.latest, at)
end

local function leave(i, permit)
  local queue = states[i].queue
  for place, ticket in ipairs(queue) do
    if ticket[1] == permit then
      table.remove(queue, place)
      return
    end
  end
end

local function free_slot(i, permit)
  local state = states[i]
  if state.slot_of == permit then
    state.next_slot, state.slot_of = now, ''
  end
end

local function pace_of(i)
  local state = states[i]
  local recovery = math.min(10 * keys[i][3], 120 * SECOND)
  return math.min(1, state.pace + (now - state.pace_at) / recovery)
end

for _, kept in ipairs(request.kept) do
  for _, pair in ipairs(kept[3]) do
    local i, units = pair[1] + 1, pair[2]
    if keys[i][3] > 0 and not redis.call('ZSCORE', holds_of(i), kept[1]) then
      hold(i, kept[1], units, release(keys[i][3], now + kept[2]))
    end
  end
end

for _, settled in ipairs(request.settled) do
  for _, pair in ipairs(settled[3]) do
    local i, units = pair[1] + 1, pair[2]
    if keys[i][3] > 0 then
      local at = release(keys[i][3], now - settled[2])
      if redis.call('ZSCORE', holds_of(i), settled[1]) then
        redis.call('ZADD', holds_of(i), 'LT', at, settled[1])
      elseif at > now then
        hold(i, settled[1], units, at)
      end
    end
  end
end

for _, returned in ipairs(request.returned) do
  for _, number in ipairs(returned[2]) do
    local i = number + 1
    if redis.call('ZREM', holds_of(i), returned[1]) == 1 then free(i, returned[1]) end
    leave(i, returned[1])
    free_slot(i, returned[1])
  end
end

for _, refused in ipairs(request.refused) do
  for _, number in ipairs(refused[4]) do
    local i = number + 1
    local state, window = states[i], keys[i][3]
    if window == 0 then
      free_slot(i, refused[1])
    else
      local pause = refused[2] >= 0 and refused[2] or math.floor(window / 20)
      state.paused = math.max(state.paused, now + pause)
      if state.pace == 1 or refused[3] >= state.pace_at then
        state.pace = math.max(SLOWEST, pace_of(i) / 2)
        state.pace_at = now
      end
    end
  end
end

-- Settling late may end holds by now.
if #request.settled > 0 then
  for i in ipairs(keys) do expire(i) end
end

-- The units that there is room for, 0 if fewer than are of use; and a time before which not.
local function room(i, units, least, spare, ahead)
  local state, window = states[i], keys[i][3]
  if window == 0 then
    if state.next_slot <= now then return units, now end
    return 0, state.next_slot + ahead
  end
  local start = math.max(now, state.paused)
  if window ~= DAY then start = math.max(start, account.closed + window) end
  local allowed = math.max(least, math.floor(state.capacity * pace_of(i)) - spare)
  local left = math.min(units, allowed - state.held)
  if start <= now and left >= least then return left, now end
  local lacking = state.held + ahead + least - math.max(least, state.capacity - spare)
  if lacking <= 0 then return 0, start end
  local rest = (lacking - 1) % state.capacity
  local windows = (lacking - 1 - rest) / state.capacity
  local answered_now = release(window, now)
  local first, passed = nil, 0
  local holds = redis.call('ZRANGE', holds_of(i), 0, LOOKED_AT - 1, 'WITHSCORES')
  for n = 1, #holds, 2 do
    passed = passed + tonumber(redis.call('HGET', units_of(i), holds[n]))
    if passed > rest or n == 2 * LOOKED_AT - 1 then
      first = math.min(tonumber(holds[n + 1]), answered_now)
      break
    end
  end
  return 0, math.max(start, (first or answered_now) + windows * window)
end

local function take(permit, hold_for, again, whole, wanted)
  local messages, found = whole, false
  if again then
    for _, one in ipairs(wanted) do
      local held = redis.call('HGET', units_of(one[1] + 1), permit)
      found = found or held
      if held and one[3] < one[2] then messages = math.min(messages, tonumber(held)) end
    end
    if found then return {TAKEN, 0, 0, 0, messages} end
  end
  for place, one in ipairs(wanted) do
    local i, units, least = one[1] + 1, one[2], one[3]
    local state, window = states[i], keys[i][3]
    if window > 0 and least > state.capacity then return {HEAVY, 0, 0, one[1], 0} end
    local ahead, before, mine = 0, 0, nil
    for _, ticket in ipairs(state.queue) do
      if ticket[1] == permit then
        mine = ticket
        break
      end
      ahead = ahead + ticket[2]
      before = before + 1
    end
    local left, at = room(i, units, least, one[4], ahead)
    if left == 0 or before > 0 then
      local wait = math.max(0, at - now)
      if window == DAY then return {WAIT, wait, wait, one[1], 0} end
      local poll = math.min(math.max(wait, SHORTEST_POLL * (before + 1)), LONGEST_POLL)
      if not mine then
        mine = {permit, window > 0 and least or units, 0}
        state.queue[#state.queue + 1] = mine
      end
      mine[3] = now + poll + GRACE
      for other = 1, #wanted do
        if other < place then
          for _, ticket in ipairs(states[wanted[other][1] + 1].queue) do
            if ticket[1] == permit then ticket[3] = now + poll + GRACE end
          end
        elseif other > place then
          leave(wanted[other][1] + 1, permit)
        end
      end
      return {WAIT, wait, poll, one[1], 0}
    end
    if window > 0 and least < units then messages = math.min(messages, left) end
  end
  for _, one in ipairs(wanted) do
    local i = one[1] + 1
    local units = math.max(one[3], math.ceil(one[2] * messages / whole))
    leave(i, permit)
    if keys[i][3] == 0 then
      states[i].next_slot, states[i].slot_of = now + units, permit
    else
      hold(i, permit, units, release(keys[i][3], now + hold_for))
    end
  end
  return {TAKEN, 0, 0, 0, messages}
end

local replies, waiting = {}, {}
for n, asked in ipairs(request.takes) do
  if waiting[asked[2]] then
    replies[n] = {BEHIND, 0, 0, 0, 0}
  else
    replies[n] = take(asked[1], asked[3], asked[4], asked[5], asked[6])
    if replies[n][1] == WAIT then waiting[asked[2]] = true end
  end
end

local usage = {}
for i, key in ipairs(keys) do
  local state = states[i]
  usage[i] = {state.capacity, state.held, #state.queue}
  local kept_for = math.ceil((state.latest - now + 2 * key[3] + KEPT) / 1000)
  redis.call('SET', prefix .. ':' .. key[1], cmsgpack.pack(state), 'PX', kept_for)
  redis.call('PEXPIRE', holds_of(i), kept_for)
  redis.call('PEXPIRE', units_of(i), kept_for)
end
if changed then redis.call('SET', prefix, cmsgpack.pack(account)) end
return {clock, account.generation, replies, usage}
