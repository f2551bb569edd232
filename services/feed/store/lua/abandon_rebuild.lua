-- Drops a list whose rebuild failed, if it is still ours, so that the next read may try again.
-- KEYS: the timeline. ARGV: tail with the token.
if redis.call('LINDEX', KEYS[1], -1) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
