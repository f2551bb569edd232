-- The post that has a published photo; unknown of those that were published before this.
ALTER TABLE :schema.photo ADD COLUMN post_id bigint;
