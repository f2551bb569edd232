-- Copies of accounts for their owners.

-- name: request_export
-- A copy that is being made is not restarted.
INSERT INTO :schema.export AS export (user_id) VALUES (:user_id)
ON CONFLICT (user_id) DO UPDATE
    SET id = :schema.next_id(), requested_at = now(), handed_in_at = NULL
    WHERE export.handed_in_at IS NOT NULL
       OR export.requested_at < now() - make_interval(secs => :given_up_s)
RETURNING id;

-- name: find_export
SELECT user_id, id, requested_at, handed_in_at FROM :schema.export WHERE user_id = :user_id;

-- name: note_handed_in
UPDATE :schema.export SET handed_in_at = now()
WHERE user_id = :user_id AND id = :export_id AND handed_in_at IS NULL;
