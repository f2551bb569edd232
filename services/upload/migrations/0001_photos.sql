-- Photos, in their owner's shard. The bytes are in the object store: the original under
-- quarantine_key until the renditions are durable, the renditions under the keys in `renditions`.
CREATE TABLE :schema.photo (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    owner_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'processing'
        CHECK (state IN ('processing', 'ready', 'failed', 'released')),
    failure text,
    width integer,
    height integer,
    thumbhash text,
    alt_text text NOT NULL DEFAULT '',
    renditions jsonb NOT NULL DEFAULT '[]',
    -- Of the bytes as received.
    sha256 bytea NOT NULL,
    received_bytes integer NOT NULL,
    kind text NOT NULL,
    quarantine_key text,
    -- The post that has the photo: until confirmed, the claim runs out.
    claimant text,
    claimed_at timestamptz,
    published boolean NOT NULL DEFAULT false,
    CHECK (state <> 'ready' OR (width > 0 AND height > 0 AND thumbhash IS NOT NULL)),
    CHECK (state <> 'failed' OR failure IS NOT NULL)
) WITH (fillfactor = 80);

-- Photos that no post has yet: the sweeper walks these, oldest first.
CREATE INDEX photo_unpublished ON :schema.photo (id) WHERE NOT published;
