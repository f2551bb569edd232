-- name: candidates
-- Half of them are the most liked and discussed, half the newest; the domain ranks them.
WITH newest AS (
    SELECT id, author_id FROM :schema.post
     WHERE id >= :since AND withdrawn_at IS NULL
     ORDER BY id DESC LIMIT :looked_at_max
), counted AS (
    SELECT n.id, n.author_id, coalesce(l.in_count, 0) AS likes,
           coalesce((SELECT sum(c.count) FROM :schema.comment_count AS c WHERE c.post_id = n.id),
                    0)::bigint AS comments
      FROM newest AS n
      LEFT JOIN :schema.edge_count AS l ON l.kind = :like AND l.node = n.id
)
(SELECT * FROM counted ORDER BY likes + comments DESC, id DESC LIMIT :limit)
UNION
(SELECT * FROM counted ORDER BY id DESC LIMIT :limit);
