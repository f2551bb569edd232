-- What others did that concerns a user, in the user's shard: derived, from the outboxes of those who
-- acted, and bounded to the newest of each user.

-- The subject is a post or a comment, and for follows who follows. The version is an id of the shard
-- where it happened: it tells when, and an older message that comes late changes nothing.
CREATE TABLE :schema.activity (
    recipient_id bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject_id bigint NOT NULL,
    actor_id bigint NOT NULL,
    post_id bigint,
    version bigint NOT NULL,
    PRIMARY KEY (recipient_id, kind, subject_id, actor_id)
);
CREATE INDEX activity_newest ON :schema.activity (recipient_id, version DESC);
-- For those who leave and posts that are withdrawn, which are asked of every shard.
CREATE INDEX activity_by_actor ON :schema.activity (actor_id);
CREATE INDEX activity_by_post ON :schema.activity (post_id) WHERE post_id IS NOT NULL;

-- Up to where each user has looked.
CREATE TABLE :schema.activity_seen (
    user_id bigint PRIMARY KEY,
    version bigint NOT NULL
) WITH (fillfactor = 80);
