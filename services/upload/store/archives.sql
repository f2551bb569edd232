-- Copies of accounts.

-- name: insert_archive
INSERT INTO :schema.archive (id, owner_id) VALUES (:archive_id, :owner_id)
ON CONFLICT (id) DO NOTHING;

-- name: find_archive
SELECT id, owner_id, state, bytes, ready_at FROM :schema.archive WHERE id = :archive_id;

-- name: archive_ids_of_owner
SELECT id FROM :schema.archive WHERE owner_id = :owner_id ORDER BY id LIMIT :limit;

-- name: mark_ready
UPDATE :schema.archive SET state = 'ready', bytes = :bytes, ready_at = now()
WHERE id = :archive_id AND state = 'composing';

-- name: delete_archive
DELETE FROM :schema.archive WHERE id = :archive_id;
