-- Accounts that operators have suspended: nobody can sign in to them or learn that they exist.
ALTER TABLE :schema.account ADD COLUMN suspended_at timestamptz;
-- Lists of people ask it for every face, and find next to nothing.
CREATE INDEX account_suspended ON :schema.account (id) WHERE suspended_at IS NOT NULL;
