-- Leases each absent key to who will load it. KEYS: of bodies, counts or marks. ARGV: lease, milliseconds to live.
-- Returns 1 or 0 for each key: whether the lease is the caller's.
local leased = {}
for i, key in ipairs(KEYS) do
  leased[i] = redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
end
return leased
