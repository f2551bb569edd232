-- Merges older ids into a timeline in their order.
-- KEYS: the timeline. ARGV: cap, floor of the ids, ids. Returns 1 if it took them.
-- It is one step: arrivals between reading and writing the list would be lost. A list being rebuilt
-- is dropped, because its rebuild may have read the graph before this change.
local key, cap = KEYS[1], tonumber(ARGV[1])
local entries = redis.call('LRANGE', key, 0, -1)
local tail = table.remove(entries)
if not is_whole(tail) then
  redis.call('DEL', key)
  return 0
end
local head, celebrities = parts_of(tail)
local floor = string.sub(head, 2)
if is_newer(ARGV[2], floor) then floor = ARGV[2] end
for i = 3, #ARGV do entries[#entries + 1] = ARGV[i] end

local kept, seen = {}, {}
for _, id in ipairs(entries) do
  if not seen[id] and is_newer(id, floor) then
    seen[id] = true
    kept[#kept + 1] = id
  end
end
table.sort(kept, is_newer)
if #kept > cap then floor = kept[cap + 1] end

local left_ms = redis.call('PTTL', key)
redis.call('DEL', key)
if #kept > 0 then redis.call('RPUSH', key, unpack(kept, 1, math.min(#kept, cap))) end
redis.call('RPUSH', key, '~' .. floor .. celebrities)
if left_ms > 0 then redis.call('PEXPIRE', key, left_ms) end
return 1
