-- Whether the owner of an account has shown that they read its address. Nobody had before this migration.
ALTER TABLE :schema.account ADD COLUMN email_verified_at timestamptz;
-- The language of messages, as the app named it at the sign-up.
ALTER TABLE :schema.account ADD COLUMN language text NOT NULL DEFAULT 'en';

-- A message to an account, in the account's shard. Its id makes the Message-ID, so that a message that
-- is sent twice is recognised. Bodies are made when it is sent, so that no code lies here.
CREATE TABLE :schema.mail (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    user_id bigint NOT NULL REFERENCES :schema.account (id) ON DELETE CASCADE,
    kind text NOT NULL,
    recipient text NOT NULL,
    language text NOT NULL,
    -- What the text names besides: the id of a proof, a device.
    facts jsonb NOT NULL DEFAULT '{}',
    queued_at timestamptz NOT NULL DEFAULT now(),
    -- Later it is of no use: its code has ended, or it is no news.
    send_until timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('sent', 'refused', 'too_late', 'pointless', 'no_server')),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX mail_of_user ON :schema.mail (user_id, id);
CREATE INDEX mail_by_age ON :schema.mail (queued_at);

-- What somebody must prove by a code or a link that was sent to an address: one of a kind at a time. The
-- code and the link are derived from the id with a key that no database has.
CREATE TABLE :schema.proof (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    user_id bigint NOT NULL REFERENCES :schema.account (id) ON DELETE CASCADE,
    purpose text NOT NULL,
    email text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    wrong_count smallint NOT NULL DEFAULT 0,
    UNIQUE (user_id, purpose)
);
CREATE INDEX proof_by_end ON :schema.proof (expires_at);
