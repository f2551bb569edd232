-- Stores what was loaded where the caller's lease still stands.
-- KEYS: of bodies, counts or marks. ARGV: lease, seconds to live, values; an empty one gives the lease back.
-- One step, because who changes something takes the lease away: a slow reader must not put
-- what it was over it.
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    if ARGV[i + 2] == '' then
      redis.call('DEL', key)
    else
      redis.call('SET', key, ARGV[i + 2], 'EX', ARGV[2])
    end
  end
end
