-- KEYS: connections of tasks. ARGV: milliseconds that a key lives; for each key what was found, and its owner.
for i, key in ipairs(KEYS) do
  if redis.pcall('GETRANGE', key, 0, 300) == ARGV[2 * i] then
    redis.call('SET', key, ARGV[2 * i + 1], 'PX', ARGV[1])
  end
end
