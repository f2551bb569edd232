-- The requests that wait for a private person, newest first, however many followers there are.
CREATE INDEX edge_in_requested ON :schema.edge_in (dst, version DESC, src DESC)
    WHERE kind = 'follow' AND state = 'requested';
