-- Notes an event for those of the viewers who are listening. KEYS: listeners, stream.
-- ARGV: now in seconds, entries at most, seconds to live, kind, viewers. Returns how many listen.
-- One step: a batch of 500 is one question, and nothing is written when nobody listens.
local untils = redis.call('ZMSCORE', KEYS[1], unpack(ARGV, 5))
local listening = {}
for i, until_s in ipairs(untils) do
  if until_s and tonumber(until_s) > tonumber(ARGV[1]) then
    listening[#listening + 1] = ARGV[i + 4]
  end
end
if #listening > 0 then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*',
             'kind', ARGV[4], 'viewers', table.concat(listening, ','))
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return #listening
