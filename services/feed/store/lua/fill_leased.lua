-- Stores loaded bodies where the caller's lease still stands.
-- KEYS: bodies. ARGV: lease, seconds to live, values; an empty one gives the lease back.
-- One step, because who changes a post takes the lease away: a slow reader must not put an old
-- body over it.
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    if ARGV[i + 2] == '' then
      redis.call('DEL', key)
    else
      redis.call('SET', key, ARGV[i + 2], 'EX', ARGV[2])
    end
  end
end
