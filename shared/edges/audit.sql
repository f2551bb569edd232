-- Limits are literals: a planner that does not know them may sort a whole table for one page.

-- name: page_of_truths
-- `uncounted` marks a node that has an active edge but no row of counts. A scalar subquery tests
-- it row by row; with NOT EXISTS a planner may read all counts for each page.
SELECT kind, src, dst, state, version,
       state = 'active' AND (SELECT count.node FROM :schema.edge_count AS count
                              WHERE count.kind = edge.kind AND count.node = edge.src) IS NULL
           AS uncounted
  FROM :schema.edge_out AS edge
 WHERE (kind, src, dst) > (:kind, :src::bigint, :dst::bigint)
 ORDER BY kind, src, dst LIMIT 1000;

-- name: page_of_mirrors
SELECT kind, src, dst, state, version,
       state = 'active' AND (SELECT count.node FROM :schema.edge_count AS count
                              WHERE count.kind = edge.kind AND count.node = edge.dst) IS NULL
           AS uncounted
  FROM :schema.edge_in AS edge
 WHERE (kind, dst, src) > (:kind, :dst::bigint, :src::bigint)
 ORDER BY kind, dst, src LIMIT 1000;

-- name: page_of_counts
-- One statement sees one snapshot, and a transaction changes counts together with their edges. So
-- both must agree here.
SELECT kind, node, in_count, out_count,
       (SELECT count(*) FROM :schema.edge_in AS edge
         WHERE edge.kind = page.kind AND edge.dst = page.node AND edge.state = 'active')
           AS in_edges,
       (SELECT count(*) FROM :schema.edge_out AS edge
         WHERE edge.kind = page.kind AND edge.src = page.node AND edge.state = 'active')
           AS out_edges
  FROM (SELECT kind, node, in_count, out_count FROM :schema.edge_count
         WHERE (kind, node) > (:kind, :node::bigint)
         ORDER BY kind, node LIMIT 200) AS page
 ORDER BY kind, node;

-- name: truths
SELECT edge.kind, edge.src, edge.dst, edge.state, edge.version
  FROM unnest(:kinds::text[], :srcs::bigint[], :dsts::bigint[]) AS wanted(kind, src, dst)
  JOIN :schema.edge_out AS edge
    ON edge.kind = wanted.kind COLLATE "C" AND edge.src = wanted.src AND edge.dst = wanted.dst;

-- name: mirrors
SELECT edge.kind, edge.src, edge.dst, edge.state, edge.version
  FROM unnest(:kinds::text[], :srcs::bigint[], :dsts::bigint[]) AS wanted(kind, src, dst)
  JOIN :schema.edge_in AS edge
    ON edge.kind = wanted.kind COLLATE "C" AND edge.dst = wanted.dst AND edge.src = wanted.src;

-- name: waiting
-- A parked event does not count: it waits for an operator, and no relay will deliver it soon.
-- IS TRUE keeps the planner from a join: it hashes the wanted keys and reads the outbox once.
SELECT DISTINCT payload ->> 'kind', (payload -> 'src')::bigint, (payload -> 'dst')::bigint
  FROM :schema.outbox
 WHERE topic = :topic AND parked_because IS NULL
   AND ((payload ->> 'kind', (payload -> 'src')::bigint, (payload -> 'dst')::bigint) IN
        (SELECT kind, src, dst
           FROM unnest(:kinds::text[], :srcs::bigint[], :dsts::bigint[]) AS w(kind, src, dst)
        )) IS TRUE;

-- name: raise_version
UPDATE :schema.edge_out
   SET version = greatest(:schema.next_id(), :version::bigint + 1), previous_state = state
 WHERE kind = :kind AND src = :src AND dst = :dst AND version <= :version
RETURNING state, version;

-- name: make_count
INSERT INTO :schema.edge_count (kind, node) VALUES (:kind, :node) ON CONFLICT DO NOTHING;

-- name: lock_count
SELECT in_count, out_count FROM :schema.edge_count
 WHERE kind = :kind AND node = :node FOR UPDATE;

-- name: count_anew
-- This runs as its own statement after the lock. A transaction that changes the count either
-- committed before, so its edges are seen, or waits for the lock and adds to the new count.
UPDATE :schema.edge_count AS count
   SET in_count = (SELECT count(*) FROM :schema.edge_in
                    WHERE kind = :kind AND dst = :node AND state = 'active'),
       out_count = (SELECT count(*) FROM :schema.edge_out
                     WHERE kind = :kind AND src = :node AND state = 'active')
 WHERE kind = :kind AND node = :node
RETURNING in_count, out_count;
