-- Grows with each change that its owner makes, so that nobody overwrites what they have not seen.
ALTER TABLE :schema.photo ADD COLUMN version integer NOT NULL DEFAULT 1;
