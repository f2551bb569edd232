-- name: publish
INSERT INTO :schema.outbox (topic, payload, request_id)
VALUES (:topic, :payload, :request_id)
RETURNING position;
