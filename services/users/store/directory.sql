-- The directory of unique names; each statement runs in the shard of the name.

-- name: reserve_free_name
-- A reservation of the same request is found again, with the user id that it got first; it does
-- not last longer for that.
INSERT INTO :schema.directory AS held (kind, name_key, user_id, state, holder, expires_at)
VALUES (:kind, :key, :user_id, 'reserved', :holder, now() + :lasts::interval)
ON CONFLICT (kind, name_key) DO UPDATE SET state = held.state
WHERE held.state = 'reserved' AND held.holder = EXCLUDED.holder
RETURNING user_id;

-- name: find_entry
SELECT user_id, state, holder, expires_at, expires_at IS NOT NULL AND expires_at < now() AS has_expired
FROM :schema.directory
WHERE kind = :kind AND name_key = :key;

-- name: holders_of_names
SELECT name_key, user_id FROM :schema.directory
WHERE kind = :kind AND name_key = ANY(:keys::text[]);

-- name: take_over
-- Only from the very holder that was asked about: a second one who asked finds it changed.
UPDATE :schema.directory
SET user_id = :user_id, state = 'reserved', holder = :holder, expires_at = now() + :lasts::interval
WHERE kind = :kind AND name_key = :key
    AND user_id = :from_user_id AND holder = :from_holder AND expires_at = :from_expires_at;

-- name: confirm
-- Nothing is lost if this is not on disk before a crash: who finds the reservation expired asks the
-- account, and confirms.
WITH lazily AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE :schema.directory
SET state = 'confirmed', expires_at = NULL
WHERE kind = :kind AND name_key = :key AND user_id = :user_id AND expires_at IS NOT NULL
    AND EXISTS (SELECT FROM lazily);

-- name: leave
-- Only what an account holds for good: another request's reservation is none of its business.
DELETE FROM :schema.directory
WHERE kind = :kind AND name_key = :key AND user_id = :user_id
    AND state = 'confirmed' AND expires_at IS NULL;

-- name: retire
UPDATE :schema.directory
SET expires_at = now() + :lasts::interval
WHERE kind = :kind AND name_key = :key AND user_id = :user_id AND state = 'confirmed';

-- name: release
DELETE FROM :schema.directory
WHERE kind = :kind AND name_key = :key AND user_id = :user_id AND holder = :holder AND state = 'reserved';
