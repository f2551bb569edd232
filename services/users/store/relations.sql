-- A viewer's relations. Own edges are the truth, and others' edges are mirrored here, so the
-- viewer's shard holds everything about the viewer.

-- name: relations
SELECT kind, dst AS other_id, state, true AS is_own
FROM :schema.edge_out
WHERE kind IN ('follow', 'block', 'mute') AND src = :viewer_id AND dst = ANY(:other_ids::bigint[])
    AND state <> 'removed'
UNION ALL
SELECT kind, src AS other_id, state, false AS is_own
FROM :schema.edge_in
WHERE kind IN ('follow', 'block') AND dst = :viewer_id AND src = ANY(:other_ids::bigint[])
    AND state <> 'removed';

-- name: lock_pair
SELECT pg_advisory_xact_lock(hashtextextended('pair ' || :pair::text, 0));

-- name: page_of_requesters
SELECT src, version FROM :schema.edge_in
WHERE kind = 'follow' AND dst = :user_id AND state = 'requested'
    AND (version, src) < (:version::bigint, :requester_id::bigint)
ORDER BY version DESC, src DESC
LIMIT :limit;
