CREATE TABLE :schema.note (
    id bigint PRIMARY KEY DEFAULT :schema.next_id(),
    owner bigint NOT NULL,
    body jsonb NOT NULL
);
