-- Keys of the store that the database knows.

-- name: originals_and_pieces
SELECT quarantine_key AS key FROM :schema.photo WHERE quarantine_key = ANY(:keys::text[])
UNION ALL
SELECT key FROM :schema.upload_piece WHERE key = ANY(:keys::text[]);

-- name: renditions
-- Released photos count, too: their job deletes the objects.
SELECT said->>'key' AS key
  FROM :schema.photo,
       jsonb_array_elements(renditions || coalesce(plain->'renditions', '[]')) AS said
 WHERE id = ANY(:ids::bigint[]);

-- name: archives
SELECT id FROM :schema.archive WHERE id = ANY(:ids::bigint[]);
