-- Begins the rebuild of an absent timeline, which takes arrivals from here on.
-- KEYS: the timeline. ARGV: tail with the token, milliseconds to live. Returns 1 if it began.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
