-- name: put_edge
-- The version of an edge grows with each change, even if concurrent transactions took their ids
-- in the other order.
WITH changed AS (
    INSERT INTO :schema.edge_out AS edge (kind, src, dst, state, version)
    SELECT :kind, :src, :dst, :state, :schema.next_id()
     WHERE :state <> 'removed' AND (:replacing::text[] IS NULL OR 'removed' = ANY(:replacing))
        OR EXISTS (SELECT FROM :schema.edge_out
                    WHERE kind = :kind AND src = :src AND dst = :dst)
    ON CONFLICT (kind, src, dst) DO UPDATE
        SET state = excluded.state,
            previous_state = edge.state,
            version = greatest(excluded.version, edge.version + 1)
        WHERE edge.state <> excluded.state
          AND (:replacing::text[] IS NULL OR edge.state = ANY(:replacing))
    RETURNING state, previous_state, version
), counted AS (
    INSERT INTO :schema.edge_count AS count (kind, node, out_count)
    SELECT :kind, :src, (state = 'active')::int - (previous_state = 'active')::int
      FROM changed
     WHERE (state = 'active') <> (previous_state = 'active')
    ON CONFLICT (kind, node) DO UPDATE SET out_count = count.out_count + excluded.out_count
), published AS (
    INSERT INTO :schema.outbox (topic, payload, request_id)
    SELECT :topic,
           jsonb_build_object('kind', :kind::text, 'src', :src::bigint, 'dst', :dst::bigint,
                              'state', state, 'version', version),
           :request_id
      FROM changed
    RETURNING position
)
SELECT state, version, position FROM changed, published;

-- name: find_edge
SELECT state, version FROM :schema.edge_out WHERE kind = :kind AND src = :src AND dst = :dst;

-- name: mirror_edges
-- Rows are locked in the order of their keys, edges before counts. Concurrent batches then wait
-- for each other without a deadlock.
WITH change AS (
    SELECT DISTINCT ON (kind, dst, src) kind, dst, src, state, version
      FROM unnest(:kinds::text[], :dsts::bigint[], :srcs::bigint[], :states::text[],
                  :versions::bigint[]) AS c(kind, dst, src, state, version)
     ORDER BY kind, dst, src, version DESC
), applied AS (
    INSERT INTO :schema.edge_in AS edge (kind, dst, src, state, version)
    SELECT kind, dst, src, state, version FROM change ORDER BY kind, dst, src
    ON CONFLICT (kind, dst, src) DO UPDATE
        SET state = excluded.state, previous_state = edge.state, version = excluded.version
        WHERE edge.version < excluded.version
    RETURNING kind, dst, (state = 'active')::int - (previous_state = 'active')::int AS delta
), moved AS (
    SELECT kind, dst, sum(delta) AS delta FROM applied GROUP BY kind, dst HAVING sum(delta) <> 0
)
INSERT INTO :schema.edge_count AS count (kind, node, in_count)
SELECT kind, dst, delta FROM moved ORDER BY kind, dst
ON CONFLICT (kind, node) DO UPDATE SET in_count = count.in_count + excluded.in_count;

-- name: forget_events
-- A crash may undo this delete; the relay then delivers the events once more, which is harmless.
WITH lazily AS (SELECT set_config('synchronous_commit', 'off', true))
DELETE FROM :schema.outbox
 WHERE position = ANY(:positions::bigint[]) AND EXISTS (SELECT FROM lazily);

-- name: states_of_targets
SELECT dst AS id, state FROM :schema.edge_out
 WHERE kind = :kind AND src = :node AND dst = ANY(:ids::bigint[]) AND state <> 'removed';

-- name: targets_by_kind
SELECT kind, dst AS id FROM :schema.edge_out
 WHERE kind = ANY(:kinds::text[]) AND src = :node AND dst = ANY(:ids::bigint[])
   AND state = 'active';

-- name: newest_targets_by_kind
-- The highest ids are, roughly, the newest things, because ids begin with a time.
SELECT wanted.kind, newest.dst AS id
  FROM unnest(:kinds::text[]) AS wanted (kind)
 CROSS JOIN LATERAL (
    SELECT dst FROM :schema.edge_out AS edge
     WHERE edge.kind = wanted.kind AND src = :node AND state = 'active'
     ORDER BY dst DESC LIMIT :limit
 ) AS newest;

-- name: states_of_sources
SELECT src AS id, state FROM :schema.edge_in
 WHERE kind = :kind AND dst = :node AND src = ANY(:ids::bigint[]) AND state <> 'removed';

-- name: page_of_targets
SELECT dst AS id, version FROM :schema.edge_out
 WHERE kind = :kind AND src = :node AND state = 'active'
   AND (version, dst) < (:version::bigint, :id::bigint)
 ORDER BY version DESC, dst DESC LIMIT :limit;

-- name: page_of_sources
SELECT src AS id, version FROM :schema.edge_in
 WHERE kind = :kind AND dst = :node AND state = 'active'
   AND (version, src) < (:version::bigint, :id::bigint)
 ORDER BY version DESC, src DESC LIMIT :limit;

-- name: page_of_sources_above
SELECT src AS id, version FROM :schema.edge_in
 WHERE kind = :kind AND dst = :node AND state = 'active'
   AND (version, src) > (:version::bigint, :id::bigint)
 ORDER BY version, src LIMIT :limit;

-- name: version_of_source
SELECT version FROM :schema.edge_in
 WHERE kind = :kind AND dst = :node AND src = :id AND state = 'active';

-- name: target_ids
SELECT dst AS id FROM :schema.edge_out
 WHERE kind = :kind AND src = :node AND state = 'active' AND dst > :after
 ORDER BY dst LIMIT :limit;

-- name: source_ids
SELECT src AS id FROM :schema.edge_in
 WHERE kind = :kind AND dst = :node AND state = 'active' AND src > :after
 ORDER BY src LIMIT :limit;

-- name: counts
SELECT node, in_count, out_count FROM :schema.edge_count
 WHERE kind = :kind AND node = ANY(:ids::bigint[]);
