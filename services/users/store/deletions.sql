-- name: insert_deletion
INSERT INTO :schema.deletion (user_id, secret, requested_at) VALUES (:user_id, :secret, now());

-- name: find_deletion
SELECT secret, requested_at, users_finished_at, feed_finished_at, upload_finished_at
FROM :schema.deletion
WHERE user_id = :user_id;

-- name: note_users_finished
UPDATE :schema.deletion SET users_finished_at = coalesce(users_finished_at, now())
WHERE user_id = :user_id;

-- name: note_feed_finished
UPDATE :schema.deletion SET feed_finished_at = coalesce(feed_finished_at, now())
WHERE user_id = :user_id;

-- name: note_upload_finished
UPDATE :schema.deletion SET upload_finished_at = coalesce(upload_finished_at, now())
WHERE user_id = :user_id;

-- name: void_account
-- The row stays like that of a broken-off sign-up: no names, no password, and never used again.
UPDATE :schema.account SET state = 'void', email = NULL, password_hash = NULL
WHERE id = :user_id AND state = 'active' AND password_hash = :verified_hash;

-- name: forget_sign_up
-- The sign-up's idempotency key picked this shard, so its record is here.
DELETE FROM :schema.idempotency
WHERE scope LIKE 'sign\_up%' AND (reply->>'user_id')::bigint = :user_id;

-- name: delete_sessions
DELETE FROM :schema.session WHERE user_id = :user_id RETURNING id;

-- name: names_of_user
SELECT kind, name_key FROM :schema.directory WHERE user_id = :user_id;

-- name: give_name_back
DELETE FROM :schema.directory WHERE kind = :kind AND name_key = :key AND user_id = :user_id
RETURNING state, expires_at;

-- name: hold_name
-- A name given up before keeps the end that it had.
INSERT INTO :schema.held_name AS held (digest, ends_at)
VALUES (:digest, coalesce(:ends_at::timestamptz, now() + :lasts::interval))
ON CONFLICT (digest) DO UPDATE SET ends_at = greatest(held.ends_at, excluded.ends_at);

-- name: page_out
-- Requests are edges too, so the state need not be active.
SELECT dst AS id FROM :schema.edge_out
WHERE kind = :kind AND src = :user_id AND dst > :after AND state <> 'removed'
ORDER BY dst LIMIT :limit;

-- name: page_in
SELECT src AS id FROM :schema.edge_in
WHERE kind = :kind AND dst = :user_id AND src > :after AND state <> 'removed'
ORDER BY src LIMIT :limit;

-- name: end_old_receipts
-- The empty account ends with its receipt: nothing under way can use its id any more.
WITH old AS (
    DELETE FROM :schema.deletion
     WHERE user_id = ANY(ARRAY(
        SELECT user_id FROM :schema.deletion
         WHERE users_finished_at IS NOT NULL AND feed_finished_at IS NOT NULL
           AND upload_finished_at < now() - make_interval(secs => :kept_s)
         LIMIT :limit))
    RETURNING user_id
)
DELETE FROM :schema.account USING old WHERE id = old.user_id AND state = 'void';

-- name: end_old_holds
DELETE FROM :schema.held_name
 WHERE digest = ANY(ARRAY(SELECT digest FROM :schema.held_name
                           WHERE ends_at < now() - make_interval(secs => :kept_s) LIMIT :limit));
