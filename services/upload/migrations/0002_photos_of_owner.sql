-- Who deletes the account, or asks for a copy of it, has all photos found by their owner.
CREATE INDEX photo_by_owner ON :schema.photo (owner_id, id);
