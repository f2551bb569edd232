-- Copies of accounts for their owners, each in its owner's shard; the bytes are in the object store.
CREATE TABLE :schema.archive (
    -- Given by users, who made it in the same shard.
    id bigint PRIMARY KEY,
    owner_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'composing' CHECK (state IN ('composing', 'ready')),
    bytes bigint,
    ready_at timestamptz,
    CHECK (state <> 'ready' OR (bytes IS NOT NULL AND ready_at IS NOT NULL))
);
CREATE INDEX archive_by_owner ON :schema.archive (owner_id);
