-- name: deeds_by_author
SELECT author_id, count(*) AS deeds
  FROM (SELECT author_id FROM :schema.post WHERE id = ANY(:liked::bigint[])
        UNION ALL
        SELECT p.author_id
          FROM (SELECT post_id FROM :schema.comment
                 WHERE writer_id = :viewer_id AND deleted_at IS NULL
                 ORDER BY id DESC LIMIT :comments_max) AS c
          JOIN :schema.post AS p ON p.id = c.post_id) AS deed
 GROUP BY author_id;
