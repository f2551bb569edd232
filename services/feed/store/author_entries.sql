-- Authors come sorted by shard, and `starts` says where each shard's authors begin. Each arm of a
-- statement over many shards thus reads its own authors only. The literal becomes the schema's
-- name, whose last four characters are the shard's number.

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
