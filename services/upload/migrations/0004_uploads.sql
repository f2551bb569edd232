-- Pictures that come in pieces, in their owner's shard; each piece is an object in quarantine.
CREATE TABLE :schema.upload (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    owner_id bigint NOT NULL,
    length integer NOT NULL CHECK (length > 0),
    -- What its sender said of it, given back and not otherwise used.
    metadata text NOT NULL DEFAULT '',
    -- So many bytes are durable; who appends must name this number, or has missed something.
    received integer NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND length),
    touched_at timestamptz NOT NULL DEFAULT now(),
    photo_id bigint
) WITH (fillfactor = 80);
-- Abandoned ones are found by when they were touched last, those of an account by their owner.
CREATE INDEX upload_by_age ON :schema.upload (touched_at);
CREATE INDEX upload_by_owner ON :schema.upload (owner_id);

CREATE TABLE :schema.upload_piece (
    upload_id bigint NOT NULL REFERENCES :schema.upload (id) ON DELETE CASCADE,
    start integer NOT NULL,
    size integer NOT NULL CHECK (size > 0),
    sha256 bytea NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (upload_id, start)
);
CREATE INDEX upload_piece_by_key ON :schema.upload_piece (key);
