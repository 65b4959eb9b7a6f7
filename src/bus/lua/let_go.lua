-- KEYS: connections of tasks. ARGV: for each key its owner.
for i, key in ipairs(KEYS) do
  if redis.pcall('GETRANGE', key, 0, 300) == ARGV[i] then redis.call('DEL', key) end
end
