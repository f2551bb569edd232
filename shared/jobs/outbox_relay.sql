-- name: shards_with_events
-- The oldest position is an id, so it tells the shard. Counts stop at 1000 per shard.
SELECT oldest, oldest_waiting, waiting, parked
  FROM (SELECT min(position) AS oldest,
               min(position) FILTER (WHERE parked_because IS NULL) AS oldest_waiting,
               count(*) FILTER (WHERE parked_because IS NULL) AS waiting,
               count(*) FILTER (WHERE parked_because IS NOT NULL) AS parked
          FROM (SELECT position, parked_because FROM :schema.outbox
                 ORDER BY position LIMIT 1000) AS first_ones
       ) AS counted
 WHERE waiting + parked > 0;

-- name: next_events
SELECT position, topic, payload, request_id FROM :schema.outbox
 WHERE position > :after AND parked_because IS NULL AND topic <> ALL(:held::text[])
 ORDER BY position LIMIT :limit;

-- name: forget_events
-- A crash may undo this delete; the events are then delivered once more, which is harmless.
WITH lazily AS (SELECT set_config('synchronous_commit', 'off', true))
DELETE FROM :schema.outbox
 WHERE position = ANY(:positions::bigint[]) AND EXISTS (SELECT FROM lazily);

-- name: park_event
UPDATE :schema.outbox SET parked_because = :reason WHERE position = :position;
