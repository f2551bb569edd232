\set post_columns 'id, author_id, photos, caption, hashtags, mentions, place, edited_at, version, pinned_at, entities'

-- name: insert_post
INSERT INTO :schema.post (author_id, photos, caption, hashtags, mentions, entities, mentioned,
                          text_rules, place)
VALUES (:author_id, :photos::jsonb, :caption, :hashtags::text[], :mentions::text[],
        :entities::jsonb, :mentioned::bigint[], :rules::smallint, :place::jsonb)
RETURNING :post_columns;

-- name: count_post
INSERT INTO :schema.author AS a (author_id, post_count)
VALUES (:author_id, greatest(:change::int, 0))
ON CONFLICT (author_id) DO UPDATE SET post_count = a.post_count + :change::int;

-- name: withdraw_post
WITH standing AS (
    SELECT id, photos, hashtags FROM :schema.post
     WHERE id = :post_id AND author_id = :author_id AND withdrawn_at IS NULL
       FOR UPDATE
)
UPDATE :schema.post AS p
   SET withdrawn_at = now(), photos = '[]', caption = '', hashtags = '{}', mentions = '{}',
       entities = '[]', mentioned = '{}', place = NULL, pinned_at = NULL, version = p.version + 1
  FROM standing
 WHERE p.id = standing.id
RETURNING standing.photos, standing.hashtags;

-- name: edit_caption
-- Returns no row if the caption is unchanged. The last hundred former captions are kept.
WITH standing AS (
    SELECT id, caption, hashtags, version FROM :schema.post
     WHERE id = :post_id AND author_id = :author_id AND withdrawn_at IS NULL
       AND caption <> :caption::text
       FOR UPDATE
), kept AS (
    INSERT INTO :schema.post_edit (post_id, version, caption)
    SELECT id, version, caption FROM standing
), let_go AS (
    DELETE FROM :schema.post_edit AS e USING standing
     WHERE e.post_id = standing.id AND e.version <= standing.version - 100
)
UPDATE :schema.post AS p
   SET caption = :caption::text, hashtags = :hashtags::text[], mentions = :mentions::text[],
       entities = :entities::jsonb, mentioned = :mentioned::bigint[],
       text_rules = :rules::smallint, edited_at = now(), version = p.version + 1
  FROM standing
 WHERE p.id = standing.id
RETURNING standing.hashtags;

-- name: lock_post_to_edit
SELECT version, mentions, photos FROM :schema.post
 WHERE id = :post_id AND withdrawn_at IS NULL
   FOR UPDATE;

-- name: edit_alt_texts
WITH said AS (
    SELECT p.id,
           (SELECT jsonb_agg(CASE WHEN jsonb_exists(:alt_texts::jsonb, photo ->> 'id')
                                  THEN jsonb_set(photo, '{alt_text}',
                                                 :alt_texts::jsonb -> (photo ->> 'id'))
                                  ELSE photo END
                             ORDER BY place)
              FROM jsonb_array_elements(p.photos) WITH ORDINALITY AS one (photo, place)) AS photos
      FROM :schema.post AS p
     WHERE p.id = :post_id
)
UPDATE :schema.post AS p SET photos = said.photos, version = p.version + 1
  FROM said
 WHERE p.id = said.id AND p.photos <> said.photos;

-- name: former_captions
-- Limits posts, not rows: each has at most a hundred edits.
SELECT e.post_id, e.version, e.caption, e.replaced_at
  FROM :schema.post_edit AS e
 WHERE e.post_id IN (SELECT p.id FROM :schema.post AS p
                      WHERE p.author_id = :author_id AND p.id > :after
                        AND p.withdrawn_at IS NULL AND p.edited_at IS NOT NULL
                      ORDER BY p.id LIMIT :limit)
 ORDER BY e.post_id, e.version;

-- name: forget_edits
DELETE FROM :schema.post_edit WHERE post_id = :post_id;

-- name: author_of_post
SELECT author_id, withdrawn_at IS NOT NULL OR hidden_at IS NOT NULL AS is_gone
  FROM :schema.post
 WHERE id = :post_id;

-- name: posts_by_ids
SELECT :post_columns,
       withdrawn_at IS NOT NULL OR hidden_at IS NOT NULL AS is_gone
  FROM :schema.post
 WHERE id = ANY(:ids::bigint[]);

-- name: page_of_author
SELECT :post_columns
  FROM :schema.post
 WHERE author_id = :author_id AND id < :before AND withdrawn_at IS NULL
   AND (:with_hidden::boolean OR hidden_at IS NULL) AND id <> ALL(:without::bigint[])
 ORDER BY id DESC
 LIMIT :limit;

-- name: page_of_author_above
SELECT :post_columns
  FROM :schema.post
 WHERE author_id = :author_id AND id > :above AND withdrawn_at IS NULL AND hidden_at IS NULL
 ORDER BY id
 LIMIT :limit;

-- name: pinned_posts
SELECT :post_columns
  FROM :schema.post
 WHERE author_id = :author_id AND pinned_at IS NOT NULL
   AND withdrawn_at IS NULL AND hidden_at IS NULL
 ORDER BY pinned_at DESC, id DESC
 LIMIT :limit;

-- name: lock_author
SELECT FROM :schema.author WHERE author_id = :author_id FOR UPDATE;

-- name: set_pin
UPDATE :schema.post
   SET pinned_at = CASE WHEN :is_pinned::boolean THEN coalesce(pinned_at, now()) END,
       version = version + ((pinned_at IS NULL) = :is_pinned)::integer
 WHERE id = :post_id AND author_id = :author_id AND withdrawn_at IS NULL AND hidden_at IS NULL
RETURNING pinned_at;

-- name: pinned_count
SELECT count(*) FROM :schema.post
 WHERE author_id = :author_id AND pinned_at IS NOT NULL
   AND withdrawn_at IS NULL AND hidden_at IS NULL;

-- name: post_counts
SELECT author_id, post_count
  FROM :schema.author
 WHERE author_id = ANY(:ids::bigint[]);
