-- What accounts show to others.

-- name: find_profile
SELECT profile.user_id, username, display_name, bio, website, avatar_key, is_private, version,
    coalesce(in_count, 0) AS followers_count, coalesce(out_count, 0) AS following_count, email,
    email_verified_at IS NOT NULL AS email_is_verified
FROM :schema.profile
JOIN :schema.account ON account.id = profile.user_id
LEFT JOIN :schema.edge_count ON kind = 'follow' AND node = profile.user_id
WHERE profile.user_id = :user_id AND NOT is_suspended;

-- name: cards
SELECT user_id, username, display_name, avatar_key, is_private
FROM :schema.profile
WHERE user_id = ANY(:ids::bigint[]) AND NOT is_suspended;

-- name: lock_profile
SELECT username, display_name, bio, website, is_private, avatar_photo_id, avatar_key, version
FROM :schema.profile
WHERE user_id = :user_id
FOR UPDATE;

-- name: change_profile
WITH forgotten AS (
    DELETE FROM :schema.searchable_name
    WHERE user_id = :user_id AND name <> ALL(:searchable_names::text[])
), learned AS (
    INSERT INTO :schema.searchable_name (name, user_id)
    SELECT name, :user_id FROM unnest(:searchable_names::text[]) AS name
    ON CONFLICT DO NOTHING
)
UPDATE :schema.profile
SET username = :username, display_name = :display_name, bio = :bio, website = :website,
    is_private = :is_private, avatar_photo_id = :avatar_photo_id, avatar_key = :avatar_key,
    version = version + 1
WHERE user_id = :user_id
RETURNING version;
