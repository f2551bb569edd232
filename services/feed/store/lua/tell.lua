-- Records an event for those of the viewers who are listening. Returns how many listen.
-- KEYS: listeners, stream. ARGV: now in seconds, entries at most, seconds to live, kind, number of
-- viewers, the viewers. Then follows what it is about (JSON): once for all, or once per viewer.
-- It is one step: a batch of 500 costs one call, and nothing is written if nobody listens.
local count = tonumber(ARGV[5])
local is_shared = #ARGV == 6 + count
local untils = redis.call('ZMSCORE', KEYS[1], unpack(ARGV, 6, 5 + count))
local listening = {}
local function note(viewers, about)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*',
             'kind', ARGV[4], 'viewers', viewers, 'about', about)
end
for i, until_s in ipairs(untils) do
  if until_s and tonumber(until_s) > tonumber(ARGV[1]) then
    listening[#listening + 1] = ARGV[i + 5]
    if not is_shared then
      note(ARGV[i + 5], ARGV[i + 5 + count])
    end
  end
end
if #listening > 0 then
  if is_shared then
    note(table.concat(listening, ','), ARGV[6 + count])
  end
  -- Older entries serve nobody, and name those who may have left for good.
  redis.call('XTRIM', KEYS[2], 'MINID', (math.floor(ARGV[1]) - ARGV[3]) * 1000)
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return #listening
