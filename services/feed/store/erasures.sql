-- name: received_reactions
-- Reactions of others to an author's withdrawn posts, mirrored in the author's shard.
SELECT edge.kind, edge.src AS user_id, edge.dst AS target_id
  FROM :schema.post AS post
  JOIN :schema.edge_in AS edge ON edge.kind IN ('like', 'save') AND edge.dst = post.id
 WHERE post.author_id = :user_id AND post.withdrawn_at IS NOT NULL AND edge.state = 'active'
 LIMIT :limit;

-- name: comments_of_account
-- Deleted comments too: their empty rows still name the writer and the post.
SELECT id FROM (
    SELECT id FROM :schema.comment WHERE writer_id = :user_id
    UNION
    SELECT comment.id
      FROM :schema.post AS post JOIN :schema.comment AS comment ON comment.post_id = post.id
     WHERE post.author_id = :user_id AND post.withdrawn_at IS NOT NULL
) AS of_account
 LIMIT :limit;

-- name: withdrawn_posts
SELECT id FROM :schema.post WHERE author_id = :user_id AND withdrawn_at IS NOT NULL LIMIT :limit;

-- name: forget_posts
-- Withdrawn posts only: before any other post goes, upload must release its photos.
WITH posts AS (
    DELETE FROM :schema.post
     WHERE id = ANY(:ids::bigint[]) AND withdrawn_at IS NOT NULL
    RETURNING id
), replies AS (
    DELETE FROM :schema.idempotency AS request USING posts
     WHERE request.scope ~ '^comment:[0-9]+:' AND split_part(request.scope, ':', 2) = posts.id::text
)
DELETE FROM :schema.comment_count AS c USING posts WHERE c.post_id = posts.id;

-- name: forget_account
DELETE FROM :schema.author AS a
 WHERE a.author_id = :user_id
   AND NOT EXISTS (SELECT FROM :schema.post AS p
                    WHERE p.author_id = :user_id AND p.withdrawn_at IS NULL);
