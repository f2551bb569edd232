-- What people are found by; a row is in the shard of its user.

-- name: people_by_prefix
-- In the order of the index, each person at the first of the names that begin so: however many
-- match, only a page is read.
SELECT found.name, found.user_id
FROM :schema.searchable_name AS found
WHERE found.name >= :prefix AND found.name < :prefix_end
    AND (found.name, found.user_id) > (:after_name, :after_id::bigint)
    AND NOT EXISTS (
        SELECT FROM :schema.searchable_name AS earlier
        WHERE earlier.user_id = found.user_id
            AND earlier.name >= :prefix AND earlier.name < found.name
    )
ORDER BY found.name, found.user_id
LIMIT :limit;
