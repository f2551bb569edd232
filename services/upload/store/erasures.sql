-- name: photos_of_owner
SELECT id FROM :schema.photo WHERE owner_id = :owner_id ORDER BY id LIMIT :limit
