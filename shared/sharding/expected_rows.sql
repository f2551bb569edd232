-- Row counts of good walks, in a schema of their own beside the shards.

-- name: all_figures
SELECT shard, what, rows, noted_at FROM upkeep.expected_rows;

-- name: note_figures
INSERT INTO upkeep.expected_rows AS known (shard, what, rows, noted_at)
SELECT shard, what, rows, :noted_at::timestamptz
  FROM unnest(:shards::int[], :whats::text[], :rows::bigint[]) AS said (shard, what, rows)
 ORDER BY shard, what
ON CONFLICT (shard, what) DO UPDATE
    SET rows = excluded.rows, noted_at = excluded.noted_at
    WHERE known.noted_at <= excluded.noted_at;
