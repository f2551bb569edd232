-- Receipts of deleted accounts, in the shard where the account was: all that is left to be asked for.
CREATE TABLE :schema.deletion (
    user_id bigint PRIMARY KEY,
    -- Who has it may read the receipt, with no session left to sign in to.
    secret text NOT NULL,
    requested_at timestamptz NOT NULL,
    users_finished_at timestamptz,
    feed_finished_at timestamptz,
    upload_finished_at timestamptz
);

-- To find all names that an account has or had: they are in the shards of their hashes.
CREATE INDEX directory_of_user ON :schema.directory (user_id);
