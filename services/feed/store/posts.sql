-- name: insert_post
INSERT INTO :schema.post (author_id, photos, caption, hashtags, mentions, place)
VALUES (:author_id, :photos::jsonb, :caption, :hashtags::text[], :mentions::text[], :place::jsonb)
RETURNING id, author_id, photos, caption, hashtags, mentions, place, edited_at, version;

-- name: count_post
INSERT INTO :schema.author AS a (author_id, post_count)
VALUES (:author_id, greatest(:change::int, 0))
ON CONFLICT (author_id) DO UPDATE SET post_count = a.post_count + :change::int;

-- name: withdraw_post
WITH standing AS (
    SELECT id, photos FROM :schema.post
     WHERE id = :post_id AND author_id = :author_id AND withdrawn_at IS NULL
       FOR UPDATE
)
UPDATE :schema.post AS p
   SET withdrawn_at = now(), photos = '[]', caption = '', hashtags = '{}', mentions = '{}',
       place = NULL, version = p.version + 1
  FROM standing
 WHERE p.id = standing.id
RETURNING standing.photos;

-- name: author_of_post
SELECT author_id, withdrawn_at IS NOT NULL AS is_withdrawn
  FROM :schema.post
 WHERE id = :post_id;

-- name: posts_by_ids
SELECT id, author_id, photos, caption, hashtags, mentions, place, edited_at, version,
       withdrawn_at IS NOT NULL AS is_withdrawn
  FROM :schema.post
 WHERE id = ANY(:ids::bigint[]);

-- name: page_of_author
SELECT id, author_id, photos, caption, hashtags, mentions, place, edited_at, version
  FROM :schema.post
 WHERE author_id = :author_id AND id < :before AND withdrawn_at IS NULL
 ORDER BY id DESC
 LIMIT :limit;

-- name: post_counts
SELECT author_id, post_count
  FROM :schema.author
 WHERE author_id = ANY(:ids::bigint[]);
