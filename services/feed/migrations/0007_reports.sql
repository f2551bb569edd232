-- What people report, and what operators hide.

-- In the shard of who reports; one a reporter and subject. `author_id` is who is behind the subject.
CREATE TABLE :schema.report (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    reporter_id bigint NOT NULL,
    subject_kind text NOT NULL CHECK (subject_kind IN ('user', 'post', 'comment')),
    subject_id bigint NOT NULL,
    author_id bigint NOT NULL,
    reason text NOT NULL,
    note text NOT NULL,
    -- When operators had done with it.
    settled_at timestamptz,
    UNIQUE (reporter_id, subject_kind, subject_id)
);
CREATE INDEX report_open ON :schema.report (id) WHERE settled_at IS NULL;
CREATE INDEX report_of_author ON :schema.report (author_id);

-- Hidden by operators from everybody, until they show it again; its author may still withdraw it.
ALTER TABLE :schema.post ADD COLUMN hidden_at timestamptz;
ALTER TABLE :schema.comment ADD COLUMN hidden_at timestamptz;
