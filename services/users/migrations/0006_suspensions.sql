-- Accounts that operators have suspended: nobody can sign in to them or learn that they exist.
ALTER TABLE :schema.account ADD COLUMN suspended_at timestamptz;
-- The same once more, changed in the same transaction: lists of people look at profiles alone.
ALTER TABLE :schema.profile ADD COLUMN is_suspended boolean NOT NULL DEFAULT false;
