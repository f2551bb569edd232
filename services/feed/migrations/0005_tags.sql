-- How tags are spelled, each in the shard that its id names; which posts have it is told by edges.
CREATE TABLE :schema.tag (
    id bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL
);
-- For searching by how a tag begins.
CREATE INDEX tag_by_name ON :schema.tag (name text_pattern_ops);

-- Posts of before come under their tags as new ones do: an edge each, told by the outbox.
WITH tagged AS (
    SELECT p.id AS src, tag,
           ('x' || encode(substring(sha256(convert_to(tag, 'UTF8')) FOR 8), 'hex'))::bit(64)::bigint
               & 9223372036854775807 AS dst
      FROM :schema.post AS p, unnest(p.hashtags) AS tag
     WHERE p.withdrawn_at IS NULL
), edge AS (
    INSERT INTO :schema.edge_out (kind, src, dst, state, version)
    SELECT 'tag', src, dst, 'active', :schema.next_id() FROM tagged
    RETURNING src, dst, version
), counted AS (
    INSERT INTO :schema.edge_count (kind, node, out_count)
    SELECT 'tag', src, count(*) FROM edge GROUP BY src
), told AS (
    INSERT INTO :schema.outbox (topic, payload)
    SELECT 'edge', jsonb_build_object('kind', 'tag', 'src', src, 'dst', dst, 'state', 'active',
                                      'version', version)
      FROM edge
)
INSERT INTO :schema.outbox (topic, payload)
SELECT 'tags.named', jsonb_build_object('names', jsonb_agg(DISTINCT tag))
  FROM tagged
 GROUP BY src;
