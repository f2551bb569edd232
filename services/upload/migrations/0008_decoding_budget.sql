-- The processor time that all tries to decode a photo have used. A try is charged before it begins,
-- so that one whose worker is killed counts too.
ALTER TABLE :schema.photo ADD COLUMN decode_cpu_ms integer NOT NULL DEFAULT 0;
