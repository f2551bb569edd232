-- Accounts, their public profiles, their sessions, and the directory of unique names.

-- What an account is to itself; its id tells when it was made. A void row stands for a sign-up that broke off: written by who
-- takes its names over, it sees to it that the account can no longer come into being.
CREATE TABLE :schema.account (
    -- Made before the row, because the directory needs it first.
    id bigint PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('active', 'void')),
    email text,
    password_hash text,
    CHECK ((state = 'void') = (email IS NULL)),
    CHECK ((state = 'void') = (password_hash IS NULL))
);

-- What an account shows to others.
CREATE TABLE :schema.profile (
    user_id bigint PRIMARY KEY REFERENCES :schema.account (id) ON DELETE CASCADE,
    username text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    bio text NOT NULL DEFAULT '',
    website text NOT NULL DEFAULT '',
    avatar_photo_id bigint,
    avatar_key text,
    is_private boolean NOT NULL DEFAULT false,
    -- Grows with every change, so that caches and ETags can tell old from new.
    version integer NOT NULL DEFAULT 1
);

-- A signed-in device. Of its tokens there are only hashes: the current pair's and, for requests
-- that were under way during a refresh, the previous one's.
CREATE TABLE :schema.session (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    user_id bigint NOT NULL REFERENCES :schema.account (id) ON DELETE CASCADE,
    device text NOT NULL,
    created_at timestamptz NOT NULL,
    generation integer NOT NULL,
    issued_at timestamptz NOT NULL,
    access_hash bytea NOT NULL,
    refresh_hash bytea NOT NULL,
    previous_issued_at timestamptz,
    previous_access_hash bytea,
    previous_refresh_hash bytea,
    ended_at timestamptz,
    end_reason text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

CREATE INDEX session_live ON :schema.session (user_id, issued_at) WHERE ended_at IS NULL;

-- Who has a name that is unique over all shards; a name's row is in the shard of its hash.
CREATE TABLE :schema.directory (
    kind text NOT NULL CHECK (kind IN ('username', 'email')),
    name_key text NOT NULL,
    user_id bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('reserved', 'confirmed')),
    -- Which request reserved it: the same one, sent again, finds its own reservation.
    holder text NOT NULL,
    -- When somebody else may take it, after asking the account; NULL while it belongs to one.
    expires_at timestamptz,
    PRIMARY KEY (kind, name_key),
    CHECK (state = 'confirmed' OR expires_at IS NOT NULL)
);
