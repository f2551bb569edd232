-- Objects found orphaned, in the shard that their keys name.

-- name: notes_of
SELECT key, given_up,
       given_up OR marked_at <= now() - make_interval(secs => :wait_s) AS is_due
  FROM :schema.orphan_mark
 WHERE key = ANY(:keys::text[]);

-- name: note_orphans
INSERT INTO :schema.orphan_mark (key)
SELECT said.key FROM unnest(:keys::text[]) AS said (key) ORDER BY said.key
ON CONFLICT (key) DO UPDATE SET seen_at = now();

-- name: forget_notes
DELETE FROM :schema.orphan_mark WHERE key = ANY(:keys::text[]);

-- name: forget_unseen_notes
-- The listing that has just ended did not find them orphaned: they are gone or known.
DELETE FROM :schema.orphan_mark
 WHERE starts_with(key, :prefix || '/') AND seen_at < now() - make_interval(secs => :listing_s);
