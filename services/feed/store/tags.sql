-- name: keep_names
INSERT INTO :schema.tag (id, name)
SELECT * FROM unnest(:ids::bigint[], :names::text[])
ON CONFLICT (id) DO NOTHING;

-- name: beginning_with
-- Each shard gives as many as are wanted in all, from the first 2,000 names that match.
SELECT t.name, c.in_count AS post_count,
       ARRAY(SELECT e.src FROM :schema.edge_in AS e
              WHERE e.kind = :kind AND e.dst = t.id AND e.state = 'active'
              ORDER BY e.version DESC, e.src DESC LIMIT :sampled) AS newest
  FROM (SELECT id, name FROM :schema.tag 
         WHERE name LIKE :pattern OR name LIKE :former_pattern ORDER BY name LIMIT 2000) AS t
  JOIN :schema.edge_count AS c ON c.kind = :kind AND c.node = t.id
 WHERE c.in_count > 0
 ORDER BY c.in_count DESC, t.name
 LIMIT :limit;
