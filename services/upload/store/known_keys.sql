-- Keys of the store that the database knows.

-- name: originals_and_pieces
SELECT quarantine_key AS key FROM :schema.photo WHERE quarantine_key = ANY(:keys::text[])
UNION ALL
-- The objects of a finished upload belong to nothing.
SELECT piece.key
  FROM :schema.upload_piece AS piece JOIN :schema.upload ON upload.id = piece.upload_id
 WHERE piece.key = ANY(:keys::text[]) AND upload.photo_id IS NULL;

-- name: renditions
-- Released photos count, too: their job deletes the objects.
SELECT said->>'key' AS key
  FROM :schema.photo,
       jsonb_array_elements(renditions || coalesce(plain->'renditions', '[]')) AS said
 WHERE id = ANY(:ids::bigint[]);

-- name: archives
SELECT id FROM :schema.archive WHERE id = ANY(:ids::bigint[]);
