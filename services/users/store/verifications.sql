-- The verified state of addresses; each statement runs in the account's shard.

-- name: find_address
SELECT email, email_verified_at IS NOT NULL AS is_verified, language
FROM :schema.account WHERE id = :user_id AND state = 'active';

-- name: settle_address
UPDATE :schema.account
SET email = :email, email_verified_at = now(), email_rules = :rules
WHERE id = :user_id AND state = 'active';
