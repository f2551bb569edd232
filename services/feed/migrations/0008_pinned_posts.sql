-- The few posts that an author wants to be seen first.
ALTER TABLE :schema.post ADD COLUMN pinned_at timestamptz;
CREATE INDEX post_pinned ON :schema.post (author_id, pinned_at) WHERE pinned_at IS NOT NULL;
