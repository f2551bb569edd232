-- Pushes one id to the timelines that exist, and trims those that have grown too long.
-- KEYS: timelines. ARGV: id, cap, slack. Returns how many took it.
-- It is one step: a trim must raise the floor together with what it drops.
local id, cap = ARGV[1], tonumber(ARGV[2])
local length_max = cap + tonumber(ARGV[3]) + 1
local taken = 0
for _, key in ipairs(KEYS) do
  local length = redis.call('LPUSHX', key, id)
  if length > 0 then
    taken = taken + 1
    if length > length_max then trim(key, cap) end
  end
end
return taken
