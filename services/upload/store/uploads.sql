-- Resumable uploads.

-- name: insert_upload
INSERT INTO :schema.upload (owner_id, length, metadata, sha256)
VALUES (:owner_id, :length, :metadata, :sha256)
RETURNING id, owner_id, length, metadata, received, touched_at, photo_id, sha256;

-- name: parked_uploads
-- The longest idle first. The owner's lock is held, so no other upload can begin meanwhile.
SELECT id, length, touched_at < now() - make_interval(secs => :idle_s) AS is_idle
  FROM :schema.upload
 WHERE owner_id = :owner_id AND photo_id IS NULL
 ORDER BY touched_at, id;

-- name: drop_idle
-- Checked again: a piece may have come since they were listed. Their pieces are noted as given up:
-- as orphans that nothing explains, they would stop the sweep.
WITH gone AS (
    DELETE FROM :schema.upload
     WHERE id = ANY(:upload_ids::bigint[])
       AND touched_at < now() - make_interval(secs => :idle_s)
    RETURNING id
), marked AS (
    INSERT INTO :schema.orphan_mark (key, given_up)
    SELECT piece.key, true
      FROM :schema.upload_piece AS piece JOIN gone ON gone.id = piece.upload_id
    ON CONFLICT (key) DO UPDATE SET given_up = true
)
SELECT count(*) FROM gone;

-- name: find_upload
SELECT id, owner_id, length, metadata, received, touched_at, photo_id, sha256
  FROM :schema.upload
 WHERE id = :upload_id AND owner_id = :owner_id;

-- name: append_piece
-- No row unless the upload's offset is :start: of two concurrent appends, only one succeeds.
WITH moved AS (
    UPDATE :schema.upload
       SET received = received + :size, touched_at = now()
     WHERE id = :upload_id AND received = :start AND photo_id IS NULL
    RETURNING id, owner_id, length, metadata, received, touched_at, photo_id, sha256
), added AS (
    INSERT INTO :schema.upload_piece (upload_id, start, size, sha256, key)
    SELECT id, :start, :size, :sha256, :key FROM moved
)
SELECT * FROM moved;

-- name: has_piece
SELECT EXISTS (
    SELECT FROM :schema.upload_piece
     WHERE upload_id = :upload_id AND start = :start AND sha256 = :sha256
);

-- name: count_pieces
SELECT count(*) FROM :schema.upload_piece WHERE upload_id = :upload_id;

-- name: pieces
SELECT key FROM :schema.upload_piece WHERE upload_id = :upload_id ORDER BY start;

-- name: note_photo
UPDATE :schema.upload SET photo_id = :photo_id WHERE id = :upload_id;

-- name: lock_upload
SELECT FROM :schema.upload WHERE id = :upload_id AND owner_id = :owner_id FOR UPDATE;

-- name: delete_upload
-- The keys of its pieces, which are noted as given up in case that their objects outlive this call.
-- The upload is locked, so no piece is missed.
WITH gone AS (
    DELETE FROM :schema.upload WHERE id = :upload_id AND owner_id = :owner_id RETURNING id
), pieces AS (
    SELECT piece.key FROM :schema.upload_piece AS piece JOIN gone ON gone.id = piece.upload_id
), marked AS (
    INSERT INTO :schema.orphan_mark (key, given_up) SELECT key, true FROM pieces
    ON CONFLICT (key) DO UPDATE SET given_up = true
)
SELECT key FROM pieces;

-- name: uploads_of_owner
SELECT id FROM :schema.upload WHERE owner_id = :owner_id ORDER BY id LIMIT :limit;

-- name: count_abandoned
SELECT count(*) FROM :schema.upload
 WHERE touched_at < now() - make_interval(secs => :kept_s);

-- name: delete_abandoned
-- Also notes their pieces as given up: nothing knows them any more, and that is expected. The
-- objects of a finished upload are gone already.
WITH abandoned AS (
    SELECT id, photo_id FROM :schema.upload
     WHERE touched_at < now() - make_interval(secs => :kept_s)
     ORDER BY touched_at LIMIT :limit
), marked AS (
    INSERT INTO :schema.orphan_mark (key, given_up)
    SELECT piece.key, true
      FROM :schema.upload_piece AS piece JOIN abandoned ON abandoned.id = piece.upload_id
     WHERE abandoned.photo_id IS NULL
    ON CONFLICT (key) DO UPDATE SET given_up = true
)
DELETE FROM :schema.upload WHERE id IN (SELECT id FROM abandoned);
