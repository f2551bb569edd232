-- Drops the list of a failed rebuild if the token still owns it; the next read may then retry.
-- KEYS: the list. ARGV: tail with the token.
local tail = redis.call('LINDEX', KEYS[1], -1)
if not tail or parts_of(tail) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
