-- Accounts with their private facts; each statement runs in the account's shard.

-- name: new_user_id
SELECT :schema.next_id();

-- name: insert_account
INSERT INTO :schema.account (id, state, email, password_hash, email_rules, language)
VALUES (:user_id, 'active', :email, :password_hash, :email_rules::smallint, :language)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: insert_profile
WITH searchable AS (
    INSERT INTO :schema.searchable_name (name, user_id) VALUES (:username, :user_id)
)
INSERT INTO :schema.profile (user_id, username) VALUES (:user_id, :username);

-- name: void_account
INSERT INTO :schema.account (id, state) VALUES (:user_id, 'void')
ON CONFLICT (id) DO NOTHING;

-- name: names_of_account
-- The lock makes this and a concurrent renaming wait for each other.
SELECT profile.username, account.email, account.email_verified_at IS NOT NULL AS is_verified
FROM :schema.account
JOIN :schema.profile ON profile.user_id = account.id
WHERE account.id = :user_id AND account.state = 'active'
FOR UPDATE OF profile;

-- name: bump_version
UPDATE :schema.profile SET version = version + 1 WHERE user_id = :user_id;

-- name: credentials
SELECT account.id AS user_id, account.email, account.password_hash, profile.username,
    account.suspended_at IS NOT NULL AS is_suspended,
    account.email_verified_at IS NOT NULL AS is_verified, account.language
FROM :schema.account
JOIN :schema.profile ON profile.user_id = account.id
WHERE account.id = :user_id AND account.state = 'active';

-- name: lock_credentials
SELECT true FROM :schema.account
WHERE id = :user_id AND state = 'active' AND password_hash = :verified_hash
    AND suspended_at IS NULL
FOR SHARE;

-- name: accounts_of_older_rules
SELECT id AS user_id, email FROM :schema.account
WHERE email_rules < :rules AND state = 'active'
LIMIT :limit;

-- name: note_email_rules
UPDATE :schema.account SET email_rules = :rules
WHERE id = ANY(:user_ids::bigint[]) AND email_rules < :rules;

-- name: suspend
-- Waits for a concurrent sign-in, so that its session exists and is ended, too.
WITH suspended AS (
    UPDATE :schema.account SET suspended_at = now()
    WHERE id = :user_id AND state = 'active' AND suspended_at IS NULL
    RETURNING id
)
UPDATE :schema.profile SET is_suspended = true FROM suspended WHERE user_id = suspended.id;

-- name: reinstate
WITH reinstated AS (
    UPDATE :schema.account SET suspended_at = NULL
    WHERE id = :user_id AND suspended_at IS NOT NULL
    RETURNING id
)
UPDATE :schema.profile SET is_suspended = false FROM reinstated WHERE user_id = reinstated.id;

-- name: set_password_hash
UPDATE :schema.account SET password_hash = :password_hash
WHERE id = :user_id AND state = 'active' AND suspended_at IS NULL;

-- name: change_password_hash
-- Replaces only the verified hash, so that a concurrent change of the password is not undone.
UPDATE :schema.account SET password_hash = :password_hash
WHERE id = :user_id AND password_hash = :verified_hash;
