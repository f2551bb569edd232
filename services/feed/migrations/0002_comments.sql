-- Comments, in the shard of the post that they stand under, and what captions said before.

-- A reply hangs on a comment, never on another reply. A deleted comment stays as an empty row: who
-- deleted it may do so again, nobody may see it.
CREATE TABLE :schema.comment (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    post_id bigint NOT NULL,
    writer_id bigint NOT NULL,
    reply_to bigint,
    text text NOT NULL,
    hashtags text[] NOT NULL,
    mentions text[] NOT NULL,
    deleted_at timestamptz
);
CREATE INDEX comment_by_post ON :schema.comment (post_id, id);
CREATE INDEX comment_by_parent ON :schema.comment (reply_to)
    WHERE reply_to IS NOT NULL AND deleted_at IS NULL;
-- For erasing and exporting an account, which ask every shard.
CREATE INDEX comment_by_writer ON :schema.comment (writer_id, id);

-- How many comments a post has: the sum over its slots, each changed in the transaction that writes
-- or deletes a comment. A slot belongs to a few connections, so that those who comment on one
-- post at the same time do not wait for one another's commit. One slot may fall below zero; the
-- sum, which a statement sees as of one moment, does not.
CREATE TABLE :schema.comment_count (
    post_id bigint NOT NULL,
    slot smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (post_id, slot)
) WITH (fillfactor = 70);

-- The captions that edits have replaced; `version` is the post's at the time.
CREATE TABLE :schema.post_edit (
    post_id bigint NOT NULL,
    version integer NOT NULL,
    caption text NOT NULL,
    replaced_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (post_id, version)
);
