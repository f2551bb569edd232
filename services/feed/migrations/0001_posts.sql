-- Posts, how far their delivery got, and how far the follow graph was heard of.

-- A withdrawn post stays as an empty row: its author may withdraw it again, nobody may see it.
CREATE TABLE :schema.post (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    author_id bigint NOT NULL,
    -- Snapshots of the photos as upload gave them: they are immutable once ready.
    photos jsonb NOT NULL,
    caption text NOT NULL,
    hashtags text[] NOT NULL,
    mentions text[] NOT NULL,
    place jsonb,
    edited_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    withdrawn_at timestamptz
);
-- Timelines are made of this index alone.
CREATE INDEX post_by_author ON :schema.post (author_id, id DESC) WHERE withdrawn_at IS NULL;

-- How many posts an author has; changed in the transaction that publishes or withdraws one.
CREATE TABLE :schema.author (
    author_id bigint PRIMARY KEY,
    post_count bigint NOT NULL DEFAULT 0 CHECK (post_count >= 0)
) WITH (fillfactor = 80);

-- The delivery of a post to its author's followers while it is under way. Followers up to
-- `after_id` have it; `page` counts the jobs that share the work.
CREATE TABLE :schema.fan_out (
    post_id bigint PRIMARY KEY REFERENCES :schema.post (id) ON DELETE CASCADE,
    page integer NOT NULL DEFAULT 0,
    after_id bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- The newest change heard of between two users, so that an old message that comes late is known.
CREATE TABLE :schema.graph_version (
    actor_id bigint NOT NULL,
    edge text COLLATE "C" NOT NULL,
    subject_id bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (actor_id, edge, subject_id)
) WITH (fillfactor = 90);
