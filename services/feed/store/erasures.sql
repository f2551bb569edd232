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
