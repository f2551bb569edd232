-- The graph two steps from a viewer.

-- name: followed_by_each
-- A shard holds the follows of its own people and finds none for others.
SELECT followed.dst AS user_id, count(*) AS shared
FROM unnest(:follower_ids::bigint[]) AS follower_id
CROSS JOIN LATERAL (
    SELECT dst FROM :schema.edge_out
    WHERE kind = 'follow' AND src = follower_id AND state = 'active'
    ORDER BY version DESC, dst DESC
    LIMIT :each_max
) AS followed
GROUP BY followed.dst;
