-- Shared by the scripts on lists of entries: home timelines, and the timelines of celebrities.
-- A list holds ids as they arrived, the newest arrival first, and ends with a tail:
--   ~<floor>[,<author>…]   every post above this id is in the list, except those of these
--                          celebrities
--   !<token>[,<author>…]   the holder of the token is rebuilding the list

-- A Lua number cannot hold ids exactly, so they are compared as text.
local function is_newer(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

local function is_whole(tail)
  return tail and string.sub(tail, 1, 1) == '~'
end

-- The floor or token with its sign, and the celebrities, each after its comma.
local function parts_of(tail)
  return string.match(tail, '^([^,]*)(.*)$')
end

local function with_celebrity(celebrities, author)
  if string.find(celebrities .. ',', ',' .. author .. ',', 1, true) then return celebrities end
  return celebrities .. ',' .. author
end

local function trim(key, cap)
  local dropped = redis.call('LRANGE', key, cap, -1)
  local tail = table.remove(dropped)
  if not is_whole(tail) then
    -- Arrivals pile up if a rebuild never ends: drop the list, and the next read begins another.
    redis.call('DEL', key)
    return
  end
  local head, celebrities = parts_of(tail)
  local floor = string.sub(head, 2)
  for _, id in ipairs(dropped) do
    if is_newer(id, floor) then floor = id end
  end
  redis.call('LTRIM', key, 0, cap - 1)
  redis.call('RPUSH', key, '~' .. floor .. celebrities)
end
