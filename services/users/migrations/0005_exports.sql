-- The newest copy of an account that its owner asked for, in the account's shard.
CREATE TABLE :schema.export (
    user_id bigint PRIMARY KEY REFERENCES :schema.account (id) ON DELETE CASCADE,
    -- Names the archive at upload too.
    id bigint NOT NULL DEFAULT :schema.next_id(),
    requested_at timestamptz NOT NULL DEFAULT now(),
    -- When its documents were with upload, which adds the photos.
    handed_in_at timestamptz
);
