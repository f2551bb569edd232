-- Owners whose erasure has begun. A slow request that began before must not add anything after it.
-- A row ends after a day, when no such request can be under way.
CREATE TABLE :schema.erased_owner (
    owner_id bigint PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT now()
);
