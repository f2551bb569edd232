-- What every logical shard has, whatever its service keeps in it.

-- Who moves the shard to another primary locks this table; each writer holds a share of it.
CREATE TABLE :schema.fence ();

-- The last id of the shard without its shard bits: milliseconds since 2025, 10 bits of sequence.
CREATE SEQUENCE :schema.id_clock AS bigint MINVALUE 0 START 0;

-- An id is 41 bits of milliseconds since 2025-01-01, 13 bits of shard, 10 bits of sequence.
--
-- The clock is a hybrid one: it goes with the server's, but never back and never twice to the same
-- value. More than 1024 ids in a millisecond go on into the next one; after the server's clock has
-- stepped back, ids go on from the last one. Setting a sequence is not undone by a rollback, and
-- after a crash or a promotion the server's clock is past what was given out.
--
-- The lock is the session's and is held for microseconds, not until commit. If the statement is
-- cancelled in between, nobody else would ever get it: hence the exception block.
CREATE FUNCTION :schema.next_id_at(now_ms bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    tick bigint;
BEGIN
    PERFORM pg_advisory_lock(1768908, :shard);
    SELECT greatest(last_value + 1, now_ms << 10) INTO STRICT tick FROM :schema.id_clock;
    PERFORM setval(':schema.id_clock', tick);
    PERFORM pg_advisory_unlock(1768908, :shard);
    IF (tick >> 10) > now_ms + 1000 THEN
        -- More than a second ahead: hold the caller back a little, so that the clock can catch up.
        PERFORM pg_sleep(0.01);
    END IF;
    RETURN ((tick >> 10) << 23) | (:shard::bigint << 10) | (tick & 1023);
EXCEPTION WHEN OTHERS OR query_canceled THEN
    PERFORM pg_advisory_unlock(1768908, :shard) FROM pg_locks
     WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND objsubid = 2 AND granted
       AND classid = 1768908 AND objid = :shard
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RAISE;
END
$$;

CREATE FUNCTION :schema.next_id() RETURNS bigint LANGUAGE sql AS $$
    SELECT :schema.next_id_at(
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000
    )
$$;

-- Events for others, written with what they tell of; deleted when delivered. A parked one could
-- not be delivered for a reason of its own and waits for a person.
CREATE TABLE :schema.outbox (
    position bigint PRIMARY KEY DEFAULT :schema.next_id(),
    topic text NOT NULL,
    payload jsonb NOT NULL,
    request_id text,
    parked_because text
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);

-- Replies by Idempotency-Key, in the actor's shard. Without a reply the request is under way.
CREATE TABLE :schema.idempotency (
    scope text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    attempt bigint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    reply jsonb,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_age ON :schema.idempotency (started_at);

-- Edges from users or posts of this shard to others: the truth.
CREATE TABLE :schema.edge_out (
    kind text COLLATE "C" NOT NULL,
    src bigint NOT NULL,
    dst bigint NOT NULL,
    state text NOT NULL,
    previous_state text NOT NULL DEFAULT 'removed',
    version bigint NOT NULL,
    PRIMARY KEY (kind, src, dst)
) WITH (fillfactor = 90);
CREATE INDEX edge_out_newest ON :schema.edge_out (kind, src, version DESC, dst DESC)
    WHERE state = 'active';

-- The same edges seen from where they end, mirrored. A removed one stays: its version keeps an
-- older message that comes late from bringing it back.
CREATE TABLE :schema.edge_in (
    kind text COLLATE "C" NOT NULL,
    dst bigint NOT NULL,
    src bigint NOT NULL,
    state text NOT NULL,
    previous_state text NOT NULL DEFAULT 'removed',
    version bigint NOT NULL,
    PRIMARY KEY (kind, dst, src)
) WITH (fillfactor = 90);
CREATE INDEX edge_in_newest ON :schema.edge_in (kind, dst, version DESC, src DESC)
    WHERE state = 'active';

-- How many active edges begin and end at a node; changed in the transaction that changes them.
CREATE TABLE :schema.edge_count (
    kind text COLLATE "C" NOT NULL,
    node bigint NOT NULL,
    in_count bigint NOT NULL DEFAULT 0,
    out_count bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, node)
) WITH (fillfactor = 70);
