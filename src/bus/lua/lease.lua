-- KEYS: the lease of an instance. ARGV: what it says; milliseconds that it lives.
-- Answers whether something stood there.
local there = redis.call('EXISTS', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return there
