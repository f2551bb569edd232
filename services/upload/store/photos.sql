-- name: count_of_owner
-- Reads the index only, and counts no further than the limits.
SELECT (SELECT count(*) FROM (
            SELECT FROM :schema.photo WHERE owner_id = :owner_id LIMIT :photos_max
        ) AS counted) AS photos,
       (SELECT count(*) FROM (
            SELECT FROM :schema.photo
             WHERE owner_id = :owner_id AND id >= :since LIMIT :photos_a_day_max
        ) AS counted) AS photos_a_day,
       -- The guard of the disks sets this on the server itself.
       coalesce(current_setting('retrato.uploads', true), '') = 'refused' AS is_short_of_room;

-- name: find_twin
-- A day holds at most a thousand photos of one owner.
SELECT id, owner_id, state, failure, width, height, thumbhash, alt_text, renditions, sha256,
       kind, quarantine_key, claimant, filter, crop, plain, edits, version, post_id, published AS is_taken
  FROM :schema.photo
 WHERE owner_id = :owner_id AND id >= :since AND sha256 = :sha256
   AND state IN ('processing', 'ready') AND NOT published AND claimant IS NULL
 ORDER BY id
 LIMIT 1

-- name: insert_photo
INSERT INTO :schema.photo (owner_id, sha256, received_bytes, kind, quarantine_key)
VALUES (:owner_id, :sha256, :received_bytes, :kind, :quarantine_key)
RETURNING id, owner_id, state, failure, width, height, thumbhash, alt_text, renditions, sha256,
          kind, quarantine_key, claimant, filter, crop, plain, edits, version, post_id, false AS is_taken

-- name: find_photo
SELECT id, owner_id, state, failure, width, height, thumbhash, alt_text, renditions, sha256,
       kind, quarantine_key, claimant, filter, crop, plain, edits, version, post_id, published AS is_taken
  FROM :schema.photo
 WHERE id = :photo_id AND state <> 'released'

-- name: page_of_owner
SELECT id, owner_id, state, failure, width, height, thumbhash, alt_text, renditions, sha256,
       kind, quarantine_key, claimant, filter, crop, plain, edits, version, post_id, published AS is_taken
  FROM :schema.photo
 WHERE owner_id = :owner_id AND id > :after AND state <> 'released'
 ORDER BY id
 LIMIT :limit

-- name: find_released_photo
SELECT id, owner_id, state, failure, width, height, thumbhash, alt_text, renditions, sha256,
       kind, quarantine_key, claimant, filter, crop, plain, edits, version, post_id, published AS is_taken
  FROM :schema.photo
 WHERE id = :photo_id AND state = 'released'

-- name: count_processing
SELECT count(*)
  FROM :schema.photo
 WHERE id = ANY(:photo_ids::bigint[]) AND owner_id = :owner_id AND state = 'processing'

-- name: lock_own_photos
-- In the order of ids, so that two claims of the same photos cannot deadlock.
SELECT id, owner_id, state, failure, width, height, thumbhash, alt_text, renditions, sha256,
       kind, quarantine_key, claimant, filter, crop, plain, edits, version, post_id,
       published OR coalesce(claimed_at > now() - make_interval(secs => :claim_seconds), false)
           AS is_taken
  FROM :schema.photo
 WHERE id = ANY(:photo_ids::bigint[]) AND owner_id = :owner_id AND state <> 'released'
 ORDER BY id
   FOR UPDATE

-- name: claim_photos
UPDATE :schema.photo
   SET claimant = :claimant, claimed_at = now()
 WHERE id = ANY(:photo_ids::bigint[]) AND NOT published

-- name: confirm_photos
-- A confirmation after its claim expired still counts unless another post was confirmed. A post
-- fixes the edit, so the unedited state goes.
UPDATE :schema.photo
   SET claimant = :claimant, post_id = :post_id, published = true, plain = NULL
 WHERE id = ANY(:photo_ids::bigint[]) AND owner_id = :owner_id AND state = 'ready'
   AND NOT published
RETURNING id, edits > 0 AS was_edited

-- name: release_photos
-- A post releases only its own photos, not one that another post has received meanwhile.
UPDATE :schema.photo
   SET state = 'released'
 WHERE id = ANY(:photo_ids::bigint[]) AND owner_id = :owner_id AND state <> 'released'
   AND (:post_id::bigint IS NULL OR coalesce(post_id, :post_id) = :post_id)
RETURNING id

-- name: release_unattached
-- Checked again: a post may have come since they were listed.
UPDATE :schema.photo
   SET state = 'released'
 WHERE id = ANY(:photo_ids::bigint[]) AND NOT published AND state <> 'released'
   AND coalesce(claimed_at < now() - make_interval(secs => :claim_kept_s), true)
RETURNING id

-- name: write_alt_text
UPDATE :schema.photo SET alt_text = :alt_text::text, version = version + 1
 WHERE id = :photo_id AND alt_text <> :alt_text::text

-- name: describe_published
UPDATE :schema.photo AS photo
   SET alt_text = said.alt_text, version = photo.version + 1
  FROM unnest(:photo_ids::bigint[], :alt_texts::text[]) AS said (id, alt_text)
 WHERE photo.id = said.id AND photo.owner_id = :owner_id AND photo.state <> 'released'
   AND (photo.post_id IS NULL OR photo.post_id = :post_id) AND photo.alt_text <> said.alt_text;

-- name: mark_ready
-- Of two edits drawn at once, the older one is discarded.
UPDATE :schema.photo
   SET state = 'ready', width = :width, height = :height, thumbhash = :thumbhash,
       renditions = :renditions
 WHERE id = :photo_id AND state = 'processing' AND edits = :edits

-- name: spend_decoding
-- As much of :wanted_ms as :most_ms leaves, in whole seconds like the decoder's limit. A killed
-- worker counts; a power cut may forget the last try, which then is free.
WITH lazily AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE :schema.photo AS photo
   SET decode_cpu_ms = photo.decode_cpu_ms + granted.ms
  FROM (
    SELECT id, least(:wanted_ms::integer, greatest(:most_ms::integer - decode_cpu_ms, 0) / 1000 * 1000) AS ms
      FROM :schema.photo
     WHERE id = :photo_id
       FOR UPDATE
  ) AS granted
 WHERE photo.id = granted.id AND EXISTS (SELECT FROM lazily)
RETURNING granted.ms

-- name: refund_decoding
UPDATE :schema.photo
   SET decode_cpu_ms = greatest(0, decode_cpu_ms - :unspent_ms::integer)
 WHERE id = :photo_id

-- name: write_edit
-- The first edit saves the unedited state. Decoding gets a new budget, since it now reads our own
-- rendition.
UPDATE :schema.photo
   SET state = 'processing', filter = :filter, crop = :crop, edits = edits + 1,
       version = version + 1, decode_cpu_ms = 0,
       plain = coalesce(plain, jsonb_build_object(
           'width', width, 'height', height, 'thumbhash', thumbhash, 'renditions', renditions))
 WHERE id = :photo_id

-- name: undo_edit
UPDATE :schema.photo
   SET state = 'ready', filter = NULL, crop = NULL, edits = edits + 1, plain = NULL,
       version = version + 1,
       width = (plain->>'width')::integer, height = (plain->>'height')::integer,
       thumbhash = plain->>'thumbhash', renditions = plain->'renditions'
 WHERE id = :photo_id AND plain IS NOT NULL

-- name: lock_photo
SELECT id, owner_id, state, failure, width, height, thumbhash, alt_text, renditions, sha256,
       kind, quarantine_key, claimant, filter, crop, plain, edits, version, post_id, published AS is_taken
  FROM :schema.photo
 WHERE id = :photo_id AND state <> 'released'
   FOR UPDATE

-- name: mark_failed
UPDATE :schema.photo
   SET state = 'failed', failure = :failure
 WHERE id = :photo_id AND state = 'processing'

-- name: forget_original
-- A power cut may undo this, and then also that the job has ended: it deletes the original again.
WITH lazily AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE :schema.photo SET quarantine_key = NULL
 WHERE id = :photo_id AND EXISTS (SELECT FROM lazily)

-- name: delete_photo
DELETE FROM :schema.photo WHERE id = :photo_id AND state = 'released'

-- name: unattached_photos
-- In no post, not claimed for long, and older than :before.
SELECT id
  FROM :schema.photo
 WHERE NOT published AND state <> 'released' AND id < :before AND id > :after
   AND coalesce(claimed_at < now() - make_interval(secs => :claim_kept_s), true)
 ORDER BY id
 LIMIT :limit

-- name: page_of_ready
SELECT id, renditions || coalesce(plain->'renditions', '[]') AS renditions
  FROM :schema.photo
 WHERE state = 'ready' AND id > :after
 ORDER BY id
 LIMIT :limit
