-- name: photos_of_owner
SELECT id FROM :schema.photo WHERE owner_id = :owner_id ORDER BY id LIMIT :limit

-- name: lock_owner
-- The same lock as that of requests which add something: each waits for those under way.
SELECT pg_advisory_xact_lock(hashtextextended('photos of', :owner_id));

-- name: is_erased
SELECT EXISTS (SELECT FROM :schema.erased_owner WHERE owner_id = :owner_id);

-- name: bar_owner
INSERT INTO :schema.erased_owner (owner_id) VALUES (:owner_id)
ON CONFLICT (owner_id) DO UPDATE SET erased_at = now();

-- name: end_old_bars
DELETE FROM :schema.erased_owner
 WHERE owner_id = ANY(ARRAY(
    SELECT owner_id FROM :schema.erased_owner
     WHERE erased_at < now() - make_interval(secs => :kept_s) LIMIT :limit));
