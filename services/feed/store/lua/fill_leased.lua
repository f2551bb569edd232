-- Stores loaded values under keys that the caller still leases.
-- KEYS: bodies, counts or reactions. ARGV: lease, seconds to live, values; an empty one returns the
-- lease.
-- It is one step: a change removes the lease, and a slow reader must not overwrite the change.
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    if ARGV[i + 2] == '' then
      redis.call('DEL', key)
    else
      redis.call('SET', key, ARGV[i + 2], 'EX', ARGV[2])
    end
  end
end
