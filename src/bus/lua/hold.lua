-- KEYS: connections of tasks. ARGV: milliseconds that a key lives; for each key its owner.
-- Answers pairs: a place in KEYS where a newer owner stands, and what stands there.
local newer = {}
for i, key in ipairs(KEYS) do
  local mine = ARGV[i + 1]
  local there = redis.pcall('GETRANGE', key, 0, 300)
  if type(there) ~= 'string' or #there > 300 then there = '' end
  if there == mine then
    redis.call('PEXPIRE', key, ARGV[1])
  else
    local digits = string.match(there, '^%S+ (%d+)$')
    local generation = digits and #digits < 20 and tonumber(digits) or -1
    if generation < tonumber(string.match(mine, ' (%d+)$')) then
      redis.call('SET', key, mine, 'PX', ARGV[1])
    else
      newer[#newer + 1] = i
      newer[#newer + 1] = there
    end
  end
end
return newer
