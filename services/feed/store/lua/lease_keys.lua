-- Leases each absent key to the caller. KEYS: bodies, counts or reactions. ARGV: lease,
-- milliseconds to live. Returns 1 or 0 for each key: whether the caller leases it.
local leased = {}
for i, key in ipairs(KEYS) do
  leased[i] = redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
end
return leased
