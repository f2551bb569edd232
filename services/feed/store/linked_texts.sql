-- Links of texts: re-read after the rules change, and removed for deleted accounts.

-- name: posts_to_read
SELECT 'post' AS kind, id, author_id AS writer_id, caption AS text
  FROM :schema.post
 WHERE text_rules < :rules AND withdrawn_at IS NULL
 LIMIT :limit;

-- name: comments_to_read
SELECT 'comment' AS kind, id, writer_id, text
  FROM :schema.comment
 WHERE text_rules < :rules AND deleted_at IS NULL
 LIMIT :limit;

-- name: relink_post
-- No row if the caption has changed or another worker was faster.
WITH standing AS (
    SELECT id, hashtags, mentions, entities FROM :schema.post
     WHERE id = :id AND caption = :text::text AND text_rules < :rules::smallint
       AND withdrawn_at IS NULL
       FOR UPDATE
)
UPDATE :schema.post AS p
   SET hashtags = :hashtags::text[], mentions = :mentions::text[], entities = :entities::jsonb,
       mentioned = :mentioned::bigint[], text_rules = :rules::smallint
  FROM standing
 WHERE p.id = standing.id
RETURNING standing.hashtags,
          (standing.hashtags, standing.mentions, standing.entities)
              IS DISTINCT FROM (p.hashtags, p.mentions, p.entities) AS is_changed;

-- name: relink_comment
UPDATE :schema.comment
   SET hashtags = :hashtags::text[], mentions = :mentions::text[], entities = :entities::jsonb,
       mentioned = :mentioned::bigint[], text_rules = :rules::smallint
 WHERE id = :id AND text = :text::text AND text_rules < :rules::smallint AND deleted_at IS NULL;

-- name: texts_that_mention
SELECT 'post' AS kind, id FROM :schema.post
 WHERE mentioned @> ARRAY[:user_id::bigint] AND mentioned <> '{}'
UNION ALL
SELECT 'comment', id FROM :schema.comment
 WHERE mentioned @> ARRAY[:user_id::bigint] AND mentioned <> '{}'
 LIMIT :limit;

-- name: unlink_posts
-- Recorded replies live for a day and name mentioned users, too.
WITH changed AS (
    UPDATE :schema.post
       SET mentioned = array_remove(mentioned, :user_id::bigint),
           entities = coalesce((SELECT jsonb_agg(entity) FROM jsonb_array_elements(entities) AS entity
                                 WHERE entity ->> 'user_id' IS DISTINCT FROM :user_id::bigint::text),
                               '[]')
     WHERE id = ANY(:ids::bigint[])
    RETURNING id, author_id, entities
)
UPDATE :schema.idempotency AS kept
   SET reply = jsonb_set(kept.reply, '{entities}', changed.entities)
  FROM changed
 WHERE kept.scope = 'publish:' || changed.author_id AND kept.reply -> 'id' = to_jsonb(changed.id);

-- name: unlink_comments
WITH changed AS (
    UPDATE :schema.comment
       SET mentioned = array_remove(mentioned, :user_id::bigint),
           entities = coalesce((SELECT jsonb_agg(entity) FROM jsonb_array_elements(entities) AS entity
                                 WHERE entity ->> 'user_id' IS DISTINCT FROM :user_id::bigint::text),
                               '[]')
     WHERE id = ANY(:ids::bigint[])
    RETURNING id, post_id, writer_id, entities
)
UPDATE :schema.idempotency AS kept
   SET reply = jsonb_set(kept.reply, '{entities}', changed.entities)
  FROM changed
 WHERE kept.scope = 'comment:' || changed.post_id || ':' || changed.writer_id
   AND kept.reply -> 'id' = to_jsonb(changed.id);
