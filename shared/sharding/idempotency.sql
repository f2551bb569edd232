-- name: try_alone
SELECT pg_try_advisory_xact_lock(hashtextextended(:scope || ' ' || :key, 2025));

-- name: begin_request
-- Returns the present request of this key, and whether it is the one begun here. Each request also
-- deletes up to two expired ones.
WITH swept AS (
    DELETE FROM :schema.idempotency AS old
     USING (SELECT scope, key FROM :schema.idempotency
             WHERE started_at < now() - make_interval(secs => :kept_s)
               AND (scope, key) <> (:scope, :key)
             ORDER BY started_at LIMIT 2 FOR UPDATE SKIP LOCKED) AS expired
     WHERE old.scope = expired.scope AND old.key = expired.key
), begun AS (
    INSERT INTO :schema.idempotency AS request (scope, key, body_hash, attempt)
    VALUES (:scope, :key, :body_hash, :attempt)
    ON CONFLICT (scope, key) DO UPDATE
        SET attempt = excluded.attempt, started_at = now()
        WHERE request.reply IS NULL
          AND request.body_hash = excluded.body_hash
          AND request.started_at < now() - make_interval(secs => :lease_s)
    RETURNING body_hash, reply
)
-- A lease alone need not wait for the disk: a crash that undoes it also undoes the effect, which
-- needs the lease's row. A replay waits.
SELECT body_hash, reply, true AS mine FROM begun
 WHERE CASE WHEN :lazily::boolean THEN set_config('synchronous_commit', 'off', true)
            ELSE 'as it was' END IS NOT NULL
UNION ALL
SELECT body_hash, reply, false FROM :schema.idempotency
 WHERE scope = :scope AND key = :key AND NOT EXISTS (SELECT FROM begun);

-- name: touch_request
-- Changes nothing, but makes the replay's commit wait as the first one did. This matters only on
-- primaries with synchronous standbys: a lost standby then fails the replay too.
UPDATE :schema.idempotency SET attempt = attempt WHERE scope = :scope AND key = :key;

-- name: record_reply
UPDATE :schema.idempotency SET reply = :reply
 WHERE scope = :scope AND key = :key AND attempt = :attempt AND reply IS NULL;

-- name: forget_request
DELETE FROM :schema.idempotency
 WHERE scope = :scope AND key = :key AND attempt = :attempt AND reply IS NULL;

-- name: forget_requests_of
-- A scope ends with the actor's id.
DELETE FROM :schema.idempotency WHERE scope ~ ('[^0-9]' || :actor_id::bigint || '$');

-- name: end_old_requests
DELETE FROM :schema.idempotency
 WHERE ctid = ANY(ARRAY(SELECT ctid FROM :schema.idempotency
                         WHERE started_at < now() - make_interval(secs => :kept_s)
                         ORDER BY started_at LIMIT :limit FOR UPDATE SKIP LOCKED));
