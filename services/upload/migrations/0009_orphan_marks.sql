-- Objects that nothing stood for when the sweep looked: they go when a later look finds them again.
CREATE TABLE :schema.orphan_mark (
    key text PRIMARY KEY,
    marked_at timestamptz NOT NULL DEFAULT now(),
    -- The last look that found nothing to stand for it.
    seen_at timestamptz NOT NULL DEFAULT now(),
    -- Its row was deleted on purpose, so it needs no second look.
    given_up boolean NOT NULL DEFAULT false
);
