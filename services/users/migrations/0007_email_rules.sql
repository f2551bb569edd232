-- By which rules the directory key of an account's address was made: 0 for accounts of before, which
-- a worker moves to their new key.
ALTER TABLE :schema.account ADD COLUMN email_rules smallint NOT NULL DEFAULT 0;
CREATE INDEX account_by_email_rules ON :schema.account (email_rules) WHERE state = 'active';
