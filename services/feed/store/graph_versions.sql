-- Returns no row if a newer version is known; the same version may be applied again.
-- name: note_version
INSERT INTO :schema.graph_version AS g (actor_id, edge, subject_id, version)
VALUES (:actor_id, :edge, :subject_id, :version)
ON CONFLICT (actor_id, edge, subject_id) DO UPDATE SET version = excluded.version
 WHERE g.version <= excluded.version
RETURNING g.version;

-- name: find_version
SELECT version
  FROM :schema.graph_version
 WHERE actor_id = :actor_id AND edge = :edge AND subject_id = :subject_id;
