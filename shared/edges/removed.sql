-- Ends the rows of removed edges; a row that has changed meanwhile stays.

-- name: promised
-- A parked event counts: an operator may still have it delivered.
SELECT DISTINCT payload ->> 'kind', (payload -> 'src')::bigint, (payload -> 'dst')::bigint
  FROM :schema.outbox
 WHERE topic = :topic
   AND ((payload ->> 'kind', (payload -> 'src')::bigint, (payload -> 'dst')::bigint) IN
        (SELECT kind, src, dst
           FROM unnest(:kinds::text[], :srcs::bigint[], :dsts::bigint[]) AS w(kind, src, dst)
        )) IS TRUE;

-- name: forget_mirrors
DELETE FROM :schema.edge_in AS edge
 USING unnest(:kinds::text[], :srcs::bigint[], :dsts::bigint[], :versions::bigint[])
       AS old(kind, src, dst, version)
 WHERE edge.kind = old.kind COLLATE "C" AND edge.dst = old.dst AND edge.src = old.src
   AND edge.state = 'removed' AND edge.version <= old.version;

-- name: forget_truths
DELETE FROM :schema.edge_out AS edge
 USING unnest(:kinds::text[], :srcs::bigint[], :dsts::bigint[], :versions::bigint[])
       AS old(kind, src, dst, version)
 WHERE edge.kind = old.kind COLLATE "C" AND edge.src = old.src AND edge.dst = old.dst
   AND edge.state = 'removed' AND edge.version = old.version;

-- name: forget_counts
DELETE FROM :schema.edge_count
 WHERE kind = :kind AND node = ANY(:nodes::bigint[]) AND in_count = 0 AND out_count = 0;
