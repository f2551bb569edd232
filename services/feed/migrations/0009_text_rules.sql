-- What texts link to, and by which rules it was found.

-- entities: hashtags and mentions with their places, as readers are shown them. mentioned: the ids
-- among them, for those who leave. text_rules: 0 of rows of before, or whose names could not be
-- asked; a worker reads such texts anew.
ALTER TABLE :schema.post
    ADD COLUMN entities jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN mentioned bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN text_rules smallint NOT NULL DEFAULT 0;
ALTER TABLE :schema.comment
    ADD COLUMN entities jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN mentioned bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN text_rules smallint NOT NULL DEFAULT 0;
CREATE INDEX post_by_text_rules ON :schema.post (text_rules) WHERE withdrawn_at IS NULL;
CREATE INDEX comment_by_text_rules ON :schema.comment (text_rules) WHERE deleted_at IS NULL;
CREATE INDEX post_by_mentioned ON :schema.post USING gin (mentioned) WHERE mentioned <> '{}';
CREATE INDEX comment_by_mentioned ON :schema.comment USING gin (mentioned) WHERE mentioned <> '{}';
