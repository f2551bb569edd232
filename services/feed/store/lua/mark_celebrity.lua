-- Makes existing timelines, including those being rebuilt, merge an author from now on.
-- KEYS: timelines. ARGV: author.
for _, key in ipairs(KEYS) do
  local tail = redis.call('LINDEX', key, -1)
  if tail then
    local head, celebrities = parts_of(tail)
    redis.call('LSET', key, -1, head .. with_celebrity(celebrities, ARGV[1]))
  end
end
