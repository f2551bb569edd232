-- name: counts_of_posts
-- Mirrored edges carry the number of likes; slots of comment_count sum up to that of comments.
SELECT node AS id, 'likes' AS counted, in_count AS number
  FROM :schema.edge_count
 WHERE kind = 'like' AND node = ANY(:ids::bigint[])
UNION ALL
SELECT post_id, 'comments', sum(count)::bigint
  FROM :schema.comment_count
 WHERE post_id = ANY(:ids::bigint[])
 GROUP BY post_id;
