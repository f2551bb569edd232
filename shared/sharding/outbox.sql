-- The events of a group, besides what the relay reads.

-- name: events_naming
-- A whole number anywhere in the payload, as a value or within a text.
SELECT position FROM :schema.outbox
 WHERE payload::text ~ ('(^|[^0-9])' || :account_id::bigint || '($|[^0-9])')
 LIMIT 1;
