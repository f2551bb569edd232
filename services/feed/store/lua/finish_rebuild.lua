-- Puts what was read below what has arrived meanwhile, if the rebuild is still ours.
-- KEYS: the timeline. ARGV: tail with the token, tail with the floor, seconds to live, cap, slack,
-- ids. Returns 1 if it is in place, 0 if the list was dropped, ran out, or is rebuilt by another.
local key = KEYS[1]
if redis.call('LINDEX', key, -1) ~= ARGV[1] then return 0 end
redis.call('RPOP', key)
if #ARGV > 5 then redis.call('RPUSH', key, unpack(ARGV, 6)) end
local length = redis.call('RPUSH', key, ARGV[2])
redis.call('EXPIRE', key, ARGV[3])
if length > ARGV[4] + ARGV[5] + 1 then trim(key, tonumber(ARGV[4])) end
return 1
