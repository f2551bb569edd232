-- Drops a list whose rebuild failed, if it is still ours, so that the next read may try again.
-- KEYS: the list. ARGV: tail with the token.
local tail = redis.call('LINDEX', KEYS[1], -1)
if not tail or parts_of(tail) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
