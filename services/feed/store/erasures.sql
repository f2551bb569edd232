-- name: received_likes
-- What others like of the withdrawn posts of an author; all of it is mirrored in the author's shard.
SELECT edge.src AS liker_id, edge.dst AS post_id
  FROM :schema.post AS post
  JOIN :schema.edge_in AS edge ON edge.kind = 'like' AND edge.dst = post.id
 WHERE post.author_id = :user_id AND post.withdrawn_at IS NOT NULL AND edge.state = 'active'
 LIMIT :limit;

-- name: forget_account
-- Only what is withdrawn: a post that stands has photos that upload must hear of first.
WITH posts AS (
    DELETE FROM :schema.post WHERE author_id = :user_id AND withdrawn_at IS NOT NULL
), heard_of AS (
    DELETE FROM :schema.graph_version WHERE actor_id = :user_id
)
DELETE FROM :schema.author AS a
 WHERE a.author_id = :user_id
   AND NOT EXISTS (SELECT FROM :schema.post AS p
                    WHERE p.author_id = :user_id AND p.withdrawn_at IS NULL);
