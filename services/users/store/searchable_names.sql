-- The names by which people are found; a row lies in its user's shard.

-- name: people_by_prefix
-- In index order, each person only at their first matching name. For any number of matches it reads
-- just one page.
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
