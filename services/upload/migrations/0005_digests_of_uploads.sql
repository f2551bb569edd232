-- What the sender of an upload said that its bytes hash to.
ALTER TABLE :schema.upload ADD COLUMN sha256 bytea;
