-- Returns no row if a newer version is known; the same version may be applied again.
-- name: note_version
INSERT INTO :schema.graph_version AS g (actor_id, edge, subject_id, version)
VALUES (:actor_id, :edge, :subject_id, :version)
ON CONFLICT (actor_id, edge, subject_id) DO UPDATE SET version = excluded.version, noted_at = now()
 WHERE g.version <= excluded.version
RETURNING g.version;

-- name: find_version
SELECT version
  FROM :schema.graph_version
 WHERE actor_id = :actor_id AND edge = :edge AND subject_id = :subject_id;

-- name: actors_about
SELECT actor_id FROM :schema.graph_version WHERE subject_id = :subject_id;

-- name: forget_versions_about
DELETE FROM :schema.graph_version WHERE subject_id = :subject_id;

-- name: end_old_versions
DELETE FROM :schema.graph_version
 WHERE ctid = ANY(ARRAY(SELECT ctid FROM :schema.graph_version
                         WHERE noted_at < now() - make_interval(secs => :kept_s) LIMIT :limit));
