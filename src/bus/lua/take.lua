-- KEYS: buckets. ARGV: the number of groups; for each bucket its rate, burst and how many to lease ahead, and of the
-- lease to settle the second, how many it had, and how many were not spent; for each group how many tokens it asks for,
-- the number of its buckets, and their places in KEYS.
-- Answers the second; for each bucket what is free, microseconds until there is one, what is leased, what is owed; for
-- each group how many tokens it gets.
local time = redis.call('TIME')
local second = tonumber(time[1])
local now = second * 1000000 + tonumber(time[2])
local place = 0
local function argument()
  place = place + 1
  return tonumber(ARGV[place])
end
local function drain(bucket, moment)
  local passed = math.max(0, moment - bucket.at)
  bucket.used = math.max(bucket.fresh + bucket.old, bucket.used - passed * bucket.rate / 1000000)
  bucket.at = moment
end
local function free(bucket)
  return math.max(0, math.floor(bucket.burst - bucket.used + 0.000001))
end
local groups = argument()
local buckets = {}
for i, key in ipairs(KEYS) do
  local bucket = { used = 0, at = now, second = second, fresh = 0, old = 0, taken = 0 }
  bucket.rate = argument()
  bucket.burst = argument()
  bucket.ahead = argument()
  local there = redis.pcall('GETRANGE', key, 0, 300)
  if type(there) == 'string' and #there <= 300 then
    local used, at, last, fresh, old = string.match(there, '^(%d+%.%d+) (%d+) (%d+) (%d+) (%d+)$')
    if used then
      bucket.at, bucket.second = tonumber(at), tonumber(last)
      bucket.fresh = math.min(tonumber(fresh), bucket.burst)
      bucket.old = math.min(tonumber(old), bucket.burst - bucket.fresh)
      bucket.used = math.min(tonumber(used), bucket.burst)
    end
  end
  while bucket.second < second and bucket.fresh + bucket.old > 0 do
    bucket.second = bucket.second + 1
    drain(bucket, bucket.second * 1000000)
    bucket.old, bucket.fresh = bucket.fresh, 0
  end
  drain(bucket, now)
  bucket.second = second
  local leased_at, leased, unspent = argument(), argument(), argument()
  if leased_at == second then
    bucket.fresh = math.max(0, bucket.fresh - leased)
  elseif leased_at == second - 1 then
    bucket.old = math.max(0, bucket.old - leased)
  end
  bucket.used = math.max(bucket.fresh + bucket.old, bucket.used - unspent)
  bucket.owed = math.max(0, math.ceil(bucket.used - bucket.burst - 0.000001))
  bucket.used = bucket.used - bucket.owed
  buckets[i] = bucket
end
local granted = {}
for g = 1, groups do
  local count, members = argument(), {}
  for m = 1, argument() do
    members[m] = buckets[argument()]
    count = math.min(count, free(members[m]))
  end
  for _, bucket in ipairs(members) do
    bucket.used = bucket.used + count
    bucket.taken = bucket.taken + count
  end
  granted[g] = count
end
local answer = { second }
for i, key in ipairs(KEYS) do
  local bucket = buckets[i]
  local lease = 0
  if bucket.taken > 0 then
    lease = math.max(0, math.min(bucket.ahead, math.floor(bucket.burst / 2 - bucket.used)))
    bucket.used = bucket.used + lease
    bucket.fresh = bucket.fresh + lease
  end
  if bucket.used > 0 then
    local state = string.format('%.9f %.0f %.0f %.0f %.0f', bucket.used, now, second, bucket.fresh, bucket.old)
    local full = math.ceil(bucket.used / bucket.rate * 1000) + 2000
    redis.call('SET', key, state, 'PX', string.format('%.0f', full))
  else
    redis.call('DEL', key)
  end
  local wait = math.max(0, math.ceil((bucket.used + 1 - bucket.burst) / bucket.rate * 1000000))
  answer[#answer + 1] = free(bucket)
  answer[#answer + 1] = wait
  answer[#answer + 1] = lease
  answer[#answer + 1] = bucket.owed
end
for _, count in ipairs(granted) do answer[#answer + 1] = count end
return answer
