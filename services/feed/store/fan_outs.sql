-- name: begin_fan_out
INSERT INTO :schema.fan_out (post_id) VALUES (:post_id);

-- name: find_fan_out
SELECT page, after_id FROM :schema.fan_out WHERE post_id = :post_id;

-- What a checkpoint forgets in a crash is delivered again, which is dropped on read: no commit of
-- a batch waits for the disk.
-- name: advance_fan_out
WITH hurried AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE :schema.fan_out SET after_id = :after_id
  FROM hurried
 WHERE post_id = :post_id AND after_id < :after_id;

-- name: turn_page
UPDATE :schema.fan_out SET page = page + 1, after_id = :after_id
 WHERE post_id = :post_id AND page = :page;

-- name: end_fan_out
DELETE FROM :schema.fan_out WHERE post_id = :post_id;
