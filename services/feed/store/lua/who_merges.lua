-- Which of these timelines merge an author on read. KEYS: timelines. ARGV: author. Returns 1 or 0
-- for each key; 0 for an absent one.
local found = {}
for i, key in ipairs(KEYS) do
  local tail = redis.call('LINDEX', key, -1)
  local _, celebrities = parts_of(tail or '')
  found[i] = string.find(celebrities .. ',', ',' .. ARGV[1] .. ',', 1, true) and 1 or 0
end
return found
