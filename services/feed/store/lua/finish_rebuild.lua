-- Appends the built ids below the arrivals, if the token still owns the list.
-- KEYS: the list. ARGV: tail with the token, tail with the floor, seconds to live, cap, slack, ids.
-- Returns 1 if it is in place; 0 if the list was dropped, expired, or has another owner.
local key = KEYS[1]
local present = redis.call('LINDEX', key, -1)
if not present then return 0 end
local token, told = parts_of(present)
if token ~= ARGV[1] then return 0 end
redis.call('RPOP', key)
if #ARGV > 5 then redis.call('RPUSH', key, unpack(ARGV, 6)) end
-- The list was told of celebrities that rose meanwhile; the build has read the earlier ones.
local floor, celebrities = parts_of(ARGV[2])
for author in string.gmatch(told, '%d+') do celebrities = with_celebrity(celebrities, author) end
local length = redis.call('RPUSH', key, floor .. celebrities)
redis.call('EXPIRE', key, ARGV[3])
if length > ARGV[4] + ARGV[5] + 1 then trim(key, tonumber(ARGV[4])) end
return 1
