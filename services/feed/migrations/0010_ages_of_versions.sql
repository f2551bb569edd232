-- Versions of edges end after a while: they serve to recognise late events, and name two accounts.
ALTER TABLE :schema.graph_version ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now();
