-- Signed-in devices; each statement runs in the user's shard, which a session's id also names.

-- name: new_session_id
SELECT :schema.next_id();

-- name: insert_session
INSERT INTO :schema.session
    (id, user_id, device, created_at, generation, issued_at, access_hash, refresh_hash)
VALUES (:id, :user_id, :device, :now, 1, :now, :access_hash, :refresh_hash);

-- name: sessions
SELECT id, user_id, device, created_at, generation, issued_at, access_hash, refresh_hash,
    previous_issued_at, previous_access_hash, previous_refresh_hash, ended_at
FROM :schema.session
WHERE id = ANY(:ids);

-- name: session_for_update
SELECT id, user_id, device, created_at, generation, issued_at, access_hash, refresh_hash,
    previous_issued_at, previous_access_hash, previous_refresh_hash, ended_at
FROM :schema.session
WHERE id = :id
FOR UPDATE;

-- name: rotate
UPDATE :schema.session
SET generation = generation + 1, issued_at = :now,
    access_hash = :access_hash, refresh_hash = :refresh_hash,
    previous_issued_at = issued_at,
    previous_access_hash = access_hash, previous_refresh_hash = refresh_hash
WHERE id = :id;

-- name: live_sessions
SELECT id, user_id, device, created_at, generation, issued_at, access_hash, refresh_hash,
    previous_issued_at, previous_access_hash, previous_refresh_hash, ended_at
FROM :schema.session
WHERE user_id = :user_id AND ended_at IS NULL AND issued_at > :issued_after
    AND created_at > :created_after
ORDER BY issued_at DESC, id DESC
LIMIT :limit;

-- name: end_session
UPDATE :schema.session SET ended_at = :now, end_reason = :reason
WHERE id = :id AND user_id = :user_id AND ended_at IS NULL
RETURNING id;

-- name: is_session_of
SELECT EXISTS (SELECT FROM :schema.session WHERE id = :id AND user_id = :user_id);

-- name: end_sessions_except
UPDATE :schema.session SET ended_at = :now, end_reason = :reason
WHERE user_id = :user_id AND ended_at IS NULL AND id <> :kept_id
RETURNING id;

-- name: end_surplus_sessions
-- The least recently refreshed beyond the newest :kept.
UPDATE :schema.session SET ended_at = :now, end_reason = 'too_many'
WHERE id IN (
    SELECT id FROM :schema.session
    WHERE user_id = :user_id AND ended_at IS NULL
    ORDER BY issued_at DESC, id DESC
    OFFSET :kept
)
RETURNING id;
