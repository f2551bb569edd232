-- The authors come sorted by shard; `starts` says where those of each shard begin, so that a
-- shard's part of a statement over many shards looks at its own authors only. The literal is
-- spelled for each shard and becomes its number.

-- name: newest_of_authors
SELECT asked.author_id, entry.id
  FROM unnest(
           (:authors::bigint[])[
               (:starts::int[])[right(':schema', 4)::int + 1] + 1
               : (:starts::int[])[right(':schema', 4)::int + 2]
           ],
           (:befores::bigint[])[
               (:starts::int[])[right(':schema', 4)::int + 1] + 1
               : (:starts::int[])[right(':schema', 4)::int + 2]
           ]
       ) AS asked (author_id, before)
 CROSS JOIN LATERAL (
           SELECT p.id
             FROM :schema.post AS p
            WHERE p.author_id = asked.author_id AND p.id < asked.before
              AND p.withdrawn_at IS NULL
            ORDER BY p.id DESC
            LIMIT :limit_each
       ) AS entry;

-- name: celebrities_among
SELECT author_id FROM :schema.author
 WHERE author_id = ANY (:author_ids::bigint[]) AND delivery <> 'push';
