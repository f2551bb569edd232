-- name: begin_fan_out
INSERT INTO :schema.fan_out (post_id) VALUES (:post_id);

-- name: find_fan_out
SELECT f.page, f.after_id, f.way, coalesce(a.delivery, 'push') AS delivery
  FROM :schema.fan_out AS f
  LEFT JOIN :schema.author AS a ON a.author_id = :author_id
 WHERE f.post_id = :post_id;

-- name: choose_way
UPDATE :schema.fan_out SET way = :way WHERE post_id = :post_id;

-- name: begin_rise
UPDATE :schema.author SET delivery = 'rising' WHERE author_id = :author_id AND delivery = 'push';

-- name: end_rise
UPDATE :schema.author SET delivery = 'merge' WHERE author_id = :author_id AND delivery = 'rising';

-- A crash may undo some progress; readers drop what is then delivered twice. So no batch waits for
-- its commit to reach the disk.
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
