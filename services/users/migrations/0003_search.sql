-- What people are found by: the username, and the display name from each of its words on, in the form of `domain/searchable_names.py`.
CREATE TABLE :schema.searchable_name (
    -- Compared by code points, so that a prefix is a range of the index.
    name text COLLATE "C" NOT NULL,
    user_id bigint NOT NULL REFERENCES :schema.profile (user_id) ON DELETE CASCADE,
    PRIMARY KEY (name, user_id)
);

-- To tell whether somebody was found by an earlier name already, and to change one's names.
CREATE INDEX searchable_name_of_user ON :schema.searchable_name (user_id, name);

INSERT INTO :schema.searchable_name (name, user_id) SELECT username, user_id FROM :schema.profile;

-- Accents stay until the next change of the profile: only the service can take them off.
INSERT INTO :schema.searchable_name (name, user_id)
SELECT left(array_to_string(words[first:], ' '), 40), user_id
FROM (
    SELECT user_id, regexp_split_to_array(lower(trim(display_name)), '\s+') AS words
    FROM :schema.profile
    WHERE trim(display_name) <> ''
) AS named, generate_subscripts(words, 1) AS first
ON CONFLICT DO NOTHING;
