-- KEYS: connections of tasks. ARGV: how channels of instances begin; for each key a line for its owner.
for i, key in ipairs(KEYS) do
  local owner = redis.pcall('GETRANGE', key, 0, 300)
  local instance = type(owner) == 'string' and #owner <= 300 and string.match(owner, '^(%S+) ')
  if instance then redis.call('PUBLISH', ARGV[1] .. instance, ARGV[i + 1]) end
end
