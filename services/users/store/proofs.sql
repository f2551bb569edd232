-- Proofs that somebody reads an address; each statement runs in the account's shard.

-- name: begin_proof
-- A newer proof of the same kind replaces the older one, whose code no longer counts.
INSERT INTO :schema.proof AS old (user_id, purpose, email, expires_at)
VALUES (:user_id, :purpose, :email, now() + :lifetime::interval)
ON CONFLICT (user_id, purpose) DO UPDATE
    SET id = :schema.next_id(), email = excluded.email, created_at = now(),
        expires_at = excluded.expires_at, used_at = NULL, wrong_count = 0
RETURNING id;

-- name: find_proof
SELECT id, user_id, purpose, email, expires_at, used_at, wrong_count
FROM :schema.proof WHERE id = :id;

-- name: proof_of_purpose
SELECT id, user_id, purpose, email, expires_at, used_at, wrong_count
FROM :schema.proof WHERE user_id = :user_id AND purpose = :purpose
FOR UPDATE;

-- name: lock_proof
SELECT id, user_id, purpose, email, expires_at, used_at, wrong_count
FROM :schema.proof WHERE id = :id
FOR UPDATE;

-- name: count_wrong
UPDATE :schema.proof SET wrong_count = wrong_count + 1 WHERE id = :id;

-- name: write_nothing
-- A record in the log, so that this transaction waits for the disk as another one does.
SELECT pg_logical_emit_message(true, 'retrato', '');

-- name: use_proof
UPDATE :schema.proof SET used_at = now() WHERE id = :id AND used_at IS NULL;

-- name: end_old_proofs
DELETE FROM :schema.proof
WHERE id = ANY(ARRAY(SELECT id FROM :schema.proof
                      WHERE expires_at < now() - make_interval(secs => :kept_s) LIMIT :limit));
