-- The limits are written out: a planner that does not know them may sort a whole table for a page.

-- name: page_of_truths
-- `uncounted` tells of a node that has an active edge and no row of counts. It is asked row by row:
-- for NOT EXISTS a planner may read all counts first, for each page.
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
-- One statement sees one moment, and counts change together with their edges: they must agree.
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
-- A parked event waits for a person, so nobody is about to deliver it. IS TRUE keeps this from
-- becoming a join: the wanted ones are hashed, and a long outbox is read once.
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
-- A statement of its own after the lock: who changes a count either was there before, and is seen
-- with its edges, or waits for the lock and adds to what is written here.
UPDATE :schema.edge_count AS count
   SET in_count = (SELECT count(*) FROM :schema.edge_in
                    WHERE kind = :kind AND dst = :node AND state = 'active'),
       out_count = (SELECT count(*) FROM :schema.edge_out
                     WHERE kind = :kind AND src = :node AND state = 'active')
 WHERE kind = :kind AND node = :node
RETURNING in_count, out_count;
