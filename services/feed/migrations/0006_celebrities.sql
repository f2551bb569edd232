-- Authors with so many followers that their posts are merged when a timeline is read.

-- push: each follower's timeline gets each post. rising: so it is, and those followers are being
-- told whom to merge. merge: all of them know; they always will, since posts of then were not pushed.
ALTER TABLE :schema.author
    ADD COLUMN delivery text NOT NULL DEFAULT 'push' CHECK (delivery IN ('push', 'rising', 'merge'));
CREATE INDEX author_celebrity ON :schema.author (author_id) WHERE delivery <> 'push';

-- How this post goes to its followers, where that is not 'push'; chosen before the first of them.
ALTER TABLE :schema.fan_out ADD COLUMN way text CHECK (way IN ('rise', 'merge'));
