-- Usernames of deleted accounts, which nobody may take yet; each lies in the shard of its name.
CREATE TABLE :schema.held_name (
    -- A keyed hash of the name. Nothing here tells whose the name was.
    digest bytea PRIMARY KEY,
    ends_at timestamptz NOT NULL
);
