-- The directory of unique names; each statement runs in the shard of the name.

-- name: reserve_free_name
-- The same request finds its reservation again, with its first user id and unchanged expiry.
INSERT INTO :schema.directory AS held (kind, name_key, user_id, state, holder, expires_at)
VALUES (:kind, :key, :user_id, 'reserved', :holder, now() + :lasts::interval)
ON CONFLICT (kind, name_key) DO UPDATE SET state = held.state
WHERE held.state = 'reserved' AND held.holder = EXCLUDED.holder
RETURNING user_id;

-- name: is_held
SELECT EXISTS (
    SELECT FROM :schema.held_name WHERE digest = ANY(:digests::bytea[]) AND ends_at > now()
);

-- name: find_entry
SELECT user_id, state, holder, expires_at, expires_at IS NOT NULL AND expires_at < now() AS has_expired
FROM :schema.directory
WHERE kind = :kind AND name_key = :key;

-- name: holders_of_names
SELECT name_key, user_id FROM :schema.directory
WHERE kind = :kind AND name_key = ANY(:keys::text[]);

-- name: take_over
-- Only from the holder that was checked: a second taker finds it changed.
UPDATE :schema.directory
SET user_id = :user_id, state = 'reserved', holder = :holder, expires_at = now() + :lasts::interval
WHERE kind = :kind AND name_key = :key
    AND user_id = :from_user_id AND holder = :from_holder 
    AND expires_at IS NOT DISTINCT FROM :from_expires_at::timestamptz;

-- name: confirm
-- A crash may undo this without loss: the next reader of the expired reservation asks the account
-- and confirms it.
WITH lazily AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE :schema.directory
SET state = 'confirmed', expires_at = NULL
WHERE kind = :kind AND name_key = :key AND user_id = :user_id AND expires_at IS NOT NULL
    AND EXISTS (SELECT FROM lazily);

-- name: leave
-- Only a permanent name: another request's reservation must stay.
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
