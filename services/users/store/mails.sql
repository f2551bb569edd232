-- Messages to accounts; each statement runs in the account's shard.

-- name: insert_mail
INSERT INTO :schema.mail (user_id, kind, recipient, language, facts, send_until)
VALUES (:user_id, :kind, :recipient, :language, :facts, now() + :lifetime::interval)
RETURNING id;

-- name: find_waiting
SELECT id, user_id, kind, recipient, language, facts, queued_at, send_until < now() AS is_late
FROM :schema.mail WHERE id = :id AND ended_at IS NULL;

-- name: note_outcome
UPDATE :schema.mail SET ended_at = now(), outcome = :outcome WHERE id = :id AND ended_at IS NULL;

-- name: mails_of_account
SELECT kind, recipient, queued_at, ended_at, outcome
FROM :schema.mail WHERE user_id = :user_id ORDER BY id DESC LIMIT :limit;

-- name: end_old_mails
DELETE FROM :schema.mail
WHERE id = ANY(ARRAY(SELECT id FROM :schema.mail
                      WHERE queued_at < now() - make_interval(secs => :kept_s) LIMIT :limit));
