-- name: add_activities
-- Rows go in key order, so concurrent batches wait for one another but never deadlock.
INSERT INTO :schema.activity AS a (recipient_id, kind, subject_id, actor_id, post_id, version)
SELECT * FROM unnest(:recipients::bigint[], :kinds::text[], :subjects::bigint[],
                     :actors::bigint[], :posts::bigint[], :versions::bigint[])
           AS told (recipient_id, kind, subject_id, actor_id, post_id, version)
 ORDER BY recipient_id, kind, subject_id, actor_id
ON CONFLICT (recipient_id, kind, subject_id, actor_id) DO UPDATE SET version = excluded.version
 WHERE a.version < excluded.version;

-- name: take_activities_back
DELETE FROM :schema.activity AS a
 USING unnest(:recipients::bigint[], :kinds::text[], :subjects::bigint[], :actors::bigint[],
              :versions::bigint[]) AS told (recipient_id, kind, subject_id, actor_id, version)
 WHERE (a.recipient_id, a.kind, a.subject_id, a.actor_id)
     = (told.recipient_id, told.kind COLLATE "C", told.subject_id, told.actor_id)
   AND a.version <= told.version;

-- name: trim_activities
DELETE FROM :schema.activity AS a
 USING (SELECT user_id,
               (SELECT version FROM :schema.activity
                 WHERE recipient_id = user_id ORDER BY version DESC OFFSET :kept LIMIT 1) AS version
          FROM unnest(:recipients::bigint[]) AS r (user_id)) AS beyond
 WHERE a.recipient_id = beyond.user_id AND a.version <= beyond.version;

-- name: newest_activities
SELECT kind, subject_id, actor_id, post_id, version FROM :schema.activity
 WHERE recipient_id = :user_id
 ORDER BY version DESC LIMIT :limit;

-- name: seen_version
SELECT version FROM :schema.activity_seen WHERE user_id = :user_id;

-- name: see_activities
INSERT INTO :schema.activity_seen AS s (user_id, version)
SELECT :user_id, max(version) FROM :schema.activity WHERE recipient_id = :user_id
HAVING max(version) IS NOT NULL
ON CONFLICT (user_id) DO UPDATE SET version = greatest(s.version, excluded.version);

-- name: recipients_naming
-- Recipients in this shard who were told of an actor's deeds, or of posts.
SELECT recipient_id FROM :schema.activity WHERE actor_id = :actor_id
UNION
SELECT recipient_id FROM :schema.activity WHERE post_id = ANY(:post_ids::bigint[]);

-- name: forget_naming
DELETE FROM :schema.activity WHERE actor_id = :actor_id OR post_id = ANY(:post_ids::bigint[]);
