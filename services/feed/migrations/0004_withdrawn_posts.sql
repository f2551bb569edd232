-- Who deletes the account takes the empty rows of withdrawn posts with it; found by their author.
CREATE INDEX post_withdrawn ON :schema.post (author_id, id) WHERE withdrawn_at IS NOT NULL;
