-- name: insert_report
-- A repeated report is open again, even after operators closed it.
INSERT INTO :schema.report AS r (reporter_id, subject_kind, subject_id, author_id, reason, note)
VALUES (:reporter_id, :subject_kind, :subject_id, :author_id, :reason, :note)
ON CONFLICT (reporter_id, subject_kind, subject_id) DO UPDATE
   SET reason = excluded.reason, note = excluded.note, settled_at = NULL
RETURNING id, subject_kind, subject_id, reason, note;

-- name: open_reports
-- The oldest of each shard, so that operators see first what has waited longest.
SELECT id, reporter_id, subject_kind, subject_id, author_id, reason, note
  FROM :schema.report
 WHERE settled_at IS NULL
 ORDER BY id
 LIMIT :limit;

-- name: open_reports_of
SELECT id FROM :schema.report
 WHERE settled_at IS NULL AND subject_kind = :subject_kind AND subject_id = :subject_id;

-- name: close_reports
UPDATE :schema.report SET settled_at = now() WHERE id = ANY(:ids::bigint[]) AND settled_at IS NULL;

-- name: reports_naming
SELECT id FROM :schema.report
 WHERE author_id = :user_id OR reporter_id = :user_id
 LIMIT :limit;

-- name: delete_reports
DELETE FROM :schema.report WHERE id = ANY(:ids::bigint[]);

-- name: hide_post
UPDATE :schema.post SET hidden_at = now()
 WHERE id = :id AND hidden_at IS NULL AND withdrawn_at IS NULL;

-- name: show_post
UPDATE :schema.post SET hidden_at = NULL WHERE id = :id AND hidden_at IS NOT NULL;

-- name: hide_comment
UPDATE :schema.comment SET hidden_at = now()
 WHERE id = :id AND hidden_at IS NULL AND deleted_at IS NULL;

-- name: show_comment
UPDATE :schema.comment SET hidden_at = NULL WHERE id = :id AND hidden_at IS NOT NULL;
