-- name: lock_post
-- Commenters share the lock; a withdrawal waits for them, or they find the post gone.
SELECT author_id FROM :schema.post WHERE id = :post_id AND withdrawn_at IS NULL FOR SHARE;

-- name: lock_parent
-- Repliers share the lock; a deletion waits for them and deletes their replies, too.
SELECT id, reply_to, writer_id FROM :schema.comment
 WHERE id = :comment_id AND post_id = :post_id AND deleted_at IS NULL
   FOR SHARE;

-- name: insert_comment
WITH counted AS (
    INSERT INTO :schema.comment_count AS c (post_id, slot, count)
    VALUES (:post_id, pg_backend_pid() % 16, 1)
    ON CONFLICT (post_id, slot) DO UPDATE SET count = c.count + 1
)
INSERT INTO :schema.comment (post_id, writer_id, reply_to, text, hashtags, mentions, entities,
                             mentioned, text_rules)
VALUES (:post_id, :writer_id, :reply_to, :text, :hashtags::text[], :mentions::text[],
        :entities::jsonb, :mentioned::bigint[], :rules::smallint)
RETURNING id;

-- name: lock_comment
SELECT c.post_id, c.writer_id, p.author_id, c.deleted_at IS NOT NULL AS is_deleted
  FROM :schema.comment AS c
  JOIN :schema.post AS p ON p.id = c.post_id
 WHERE c.id = :comment_id
   FOR UPDATE OF c;

-- name: delete_comments
-- A comment and its replies. It runs after the lock as its own statement, to see all replies.
WITH gone AS (
    UPDATE :schema.comment
       SET deleted_at = now(), text = '', hashtags = '{}', mentions = '{}',
           entities = '[]', mentioned = '{}'
     WHERE (id = :comment_id OR reply_to = :comment_id) AND deleted_at IS NULL
    RETURNING post_id
)
INSERT INTO :schema.comment_count AS c (post_id, slot, count)
SELECT post_id, pg_backend_pid() % 16, -count(*) FROM gone GROUP BY post_id
ON CONFLICT (post_id, slot) DO UPDATE SET count = c.count + excluded.count;

-- name: comments_under
-- Deleted ones too, of a withdrawn post.
SELECT id FROM :schema.comment WHERE post_id = :post_id ORDER BY id LIMIT :limit;

-- name: remove_comments
DELETE FROM :schema.comment WHERE id = ANY(:ids::bigint[]);

-- name: forget_traces
-- The count of a withdrawn post, and the replies recorded for its commenters.
WITH counted AS (
    DELETE FROM :schema.comment_count WHERE post_id = :post_id
)
DELETE FROM :schema.idempotency WHERE scope LIKE 'comment:' || :post_id::bigint || ':%';

-- name: page_of_comments
SELECT c.id, c.post_id, c.writer_id, c.reply_to, parent.writer_id AS parent_writer_id,
       c.text, c.hashtags, c.mentions, c.entities, coalesce(liked.in_count, 0) AS like_count
  FROM :schema.comment AS c
  LEFT JOIN :schema.comment AS parent ON parent.id = c.reply_to
  LEFT JOIN :schema.edge_count AS liked ON liked.kind = 'comment_like' AND liked.node = c.id
 WHERE c.post_id = :post_id AND c.id > :after AND c.deleted_at IS NULL AND c.hidden_at IS NULL
 ORDER BY c.id
 LIMIT :limit;

-- name: comments_by_ids
SELECT c.id, c.post_id, c.writer_id, c.reply_to, parent.writer_id AS parent_writer_id,
       c.text, c.hashtags, c.mentions, c.entities, coalesce(liked.in_count, 0) AS like_count
  FROM :schema.comment AS c
  JOIN :schema.post AS p ON p.id = c.post_id AND p.withdrawn_at IS NULL AND p.hidden_at IS NULL
  LEFT JOIN :schema.comment AS parent ON parent.id = c.reply_to
  LEFT JOIN :schema.edge_count AS liked ON liked.kind = 'comment_like' AND liked.node = c.id
 WHERE c.id = ANY(:ids::bigint[]) AND c.deleted_at IS NULL AND c.hidden_at IS NULL;

-- name: comments_of_writer
SELECT id, post_id, reply_to, text FROM :schema.comment
 WHERE writer_id = :writer_id AND id > :after AND deleted_at IS NULL
 ORDER BY id LIMIT :limit;
