-- The ledger of bulk jobs on several machines: which target of which chunk is in which call.
--
-- A call departs only by `depart`, committed to the disk. It locks the chunk's row, checks that the
-- epoch is still the worker's own, and that no target of the call is in another one which was not
-- withdrawn. Everything else is bookkeeping around that one step.
--
-- States of a call and of a target: 1 sent, 2 failed, 3 unknown, 4 withdrawn; null while in flight.
-- A target is known by its chunk and its position in it, a call by its epoch and its number, which
-- its worker chooses: so a call whose commit has no answer can be taken back by its number, whether
-- the commit took place, takes place later, or never does.

CREATE SCHEMA IF NOT EXISTS @schema@;

-- Where the database was when the ledger was made: a replica that took over may be behind.
CREATE TABLE IF NOT EXISTS @schema@.place (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version integer NOT NULL,
    engine text NOT NULL,
    system_id bigint NOT NULL,
    timeline integer NOT NULL,
    synchronous boolean NOT NULL
);

CREATE TABLE IF NOT EXISTS @schema@.jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    state text NOT NULL DEFAULT 'planning' CHECK (state IN ('planning', 'running', 'stopped')),
    service text NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    identity jsonb NOT NULL,
    content text,
    workers integer NOT NULL,
    pace text NOT NULL,
    resend_unknown boolean NOT NULL,
    retry_failed boolean NOT NULL,
    read bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    error text,
    accepted boolean NOT NULL DEFAULT false,
    refused_alone integer NOT NULL DEFAULT 0,
    ended_early integer NOT NULL DEFAULT 0,
    submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed_at timestamptz,
    ended_at timestamptz
);

CREATE TABLE IF NOT EXISTS @schema@.chunks (
    job bigint NOT NULL REFERENCES @schema@.jobs ON DELETE CASCADE,
    number integer NOT NULL,
    size integer NOT NULL,
    epoch integer NOT NULL DEFAULT 0,
    taken int4multirange NOT NULL DEFAULT '{}',
    worker text,
    leased_until timestamptz,
    takeovers integer NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false,
    sent integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    unknown integer NOT NULL DEFAULT 0,
    calls integer NOT NULL DEFAULT 0,
    PRIMARY KEY (job, number)
) WITH (fillfactor = 60);
COMMENT ON COLUMN @schema@.chunks.taken IS
    'The positions of all calls that were not withdrawn: no position departs twice.';
CREATE INDEX IF NOT EXISTS chunks_open ON @schema@.chunks (job, number) WHERE NOT done;

-- Long rows that are never changed.
CREATE TABLE IF NOT EXISTS @schema@.targets (
    job bigint NOT NULL,
    chunk integer NOT NULL,
    names text NOT NULL,
    contents text,
    PRIMARY KEY (job, chunk),
    FOREIGN KEY (job, chunk) REFERENCES @schema@.chunks ON DELETE CASCADE
);

-- Targets that broke a rule, or whose message did.
CREATE TABLE IF NOT EXISTS @schema@.rejected (
    job bigint NOT NULL REFERENCES @schema@.jobs ON DELETE CASCADE,
    target text NOT NULL,
    reason text NOT NULL,
    kind text NOT NULL
);
CREATE INDEX IF NOT EXISTS rejected_of_job ON @schema@.rejected (job);

CREATE TABLE IF NOT EXISTS @schema@.calls (
    job bigint NOT NULL,
    chunk integer NOT NULL,
    epoch integer NOT NULL,
    number integer NOT NULL,
    positions int4multirange NOT NULL,
    size integer NOT NULL,
    state smallint,
    reason text,
    kind text,
    answered boolean NOT NULL DEFAULT false,
    PRIMARY KEY (job, chunk, epoch, number),
    FOREIGN KEY (job, chunk) REFERENCES @schema@.chunks ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS calls_with_reason ON @schema@.calls (job) WHERE kind IS NOT NULL;

-- The targets whose state is not that of their call.
CREATE TABLE IF NOT EXISTS @schema@.exceptions (
    job bigint NOT NULL,
    chunk integer NOT NULL,
    epoch integer NOT NULL,
    number integer NOT NULL,
    position integer NOT NULL,
    state smallint NOT NULL,
    reason text,
    kind text,
    PRIMARY KEY (job, chunk, epoch, number, position),
    FOREIGN KEY (job, chunk, epoch, number) REFERENCES @schema@.calls ON DELETE CASCADE
);

CREATE OR REPLACE FUNCTION @schema@.size(positions int4multirange) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum(upper(part) - lower(part)), 0)::integer FROM unnest(positions) AS part
$$;

-- How many targets of each chunk are in which state.
CREATE OR REPLACE VIEW @schema@.tallies AS
SELECT job, chunk,
    coalesce(sum(size) FILTER (WHERE state = 1), 0)::integer AS sent,
    coalesce(sum(size) FILTER (WHERE state = 2), 0)::integer AS failed,
    coalesce(sum(size) FILTER (WHERE state = 3), 0)::integer AS unknown,
    coalesce(sum(calls) FILTER (WHERE state IS NOT NULL), 0)::integer AS calls
FROM (
    SELECT job, chunk, state, size, 1 AS calls FROM @schema@.calls
    WHERE state IS DISTINCT FROM 4
    UNION ALL
    SELECT job, chunk, state, 1, 0 FROM @schema@.exceptions
    UNION ALL
    SELECT job, chunk, c.state, -1, 0
    FROM @schema@.exceptions JOIN @schema@.calls AS c USING (job, chunk, epoch, number)
) AS parts
GROUP BY job, chunk;

CREATE OR REPLACE FUNCTION @schema@.timeline() RETURNS integer
LANGUAGE sql AS $$
    SELECT ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::integer
$$;

CREATE OR REPLACE FUNCTION @schema@.is_synchronous() RETURNS boolean
LANGUAGE sql AS $$
    SELECT current_setting('synchronous_standby_names') <> ''
$$;

-- Refuse a database that is not the one in which calls departed, unless no commit can be missing.
CREATE OR REPLACE FUNCTION @schema@.check_place() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    known @schema@.place;
    system bigint;
BEGIN
    SELECT * INTO STRICT known FROM @schema@.place;
    SELECT system_identifier INTO system FROM pg_control_system();
    IF known.system_id = system AND known.timeline = @schema@.timeline() THEN
        RETURN;
    END IF;
    IF known.system_id = system AND known.synchronous THEN
        UPDATE @schema@.place SET timeline = @schema@.timeline();
        RETURN;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'EZ001', MESSAGE = format(
        'this is not the database in which calls departed: system %s, timeline %s, and the ledger '
        'knows system %s, timeline %s', system, @schema@.timeline(), known.system_id, known.timeline
    );
END
$$;

-- Have this transaction on the disk when its commit is answered, whatever the server's setting.
CREATE OR REPLACE FUNCTION @schema@.be_durable() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('synchronous_commit') <> 'remote_apply' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
END
$$;

-- Take a chunk: the epoch goes up, which fences whoever had it before.
CREATE OR REPLACE FUNCTION @schema@.claim(
    job_ bigint, chunk_ integer, worker_ text, service_ text, lease interval,
    OUT answer text, OUT epoch_ integer, OUT taken_ int4multirange
) LANGUAGE plpgsql AS $$
DECLARE
    job_row @schema@.jobs;
    chunk_row @schema@.chunks;
BEGIN
    PERFORM @schema@.check_place();
    PERFORM @schema@.be_durable();
    SELECT * INTO chunk_row FROM @schema@.chunks WHERE job = job_ AND number = chunk_ FOR UPDATE;
    SELECT * INTO job_row FROM @schema@.jobs WHERE id = job_;
    IF chunk_row.job IS NULL OR job_row.id IS NULL OR chunk_row.done THEN
        answer := 'done';
    ELSIF job_row.service <> service_ THEN
        answer := 'foreign';
    ELSIF job_row.state <> 'running' THEN
        answer := 'stopped';
    ELSIF chunk_row.worker <> worker_ AND chunk_row.leased_until > clock_timestamp() THEN
        answer := 'held';
    ELSE
        answer := 'claimed';
        UPDATE @schema@.chunks SET
            epoch = epoch + 1, worker = worker_, leased_until = clock_timestamp() + lease,
            takeovers = takeovers + (worker IS NOT NULL)::integer
        WHERE job = job_ AND number = chunk_;
        UPDATE @schema@.calls SET state = 3, kind = @interrupted@
        WHERE job = job_ AND chunk = chunk_ AND state IS NULL;
        IF job_row.resend_unknown THEN
            PERFORM @schema@.reopen(job_, chunk_, '{3}');
        END IF;
        UPDATE @schema@.place SET synchronous = @schema@.is_synchronous()
        WHERE synchronous <> @schema@.is_synchronous();
        SELECT epoch, taken INTO epoch_, taken_
        FROM @schema@.chunks WHERE job = job_ AND number = chunk_;
    END IF;
END
$$;

-- Extend the lease of a chunk.
CREATE OR REPLACE FUNCTION @schema@.keep(
    job_ bigint, chunk_ integer, epoch_ integer, lease interval
) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM @schema@.jobs WHERE id = job_ AND state = 'running') THEN
        RETURN 'stopped';
    END IF;
    UPDATE @schema@.chunks SET leased_until = clock_timestamp() + lease
    WHERE job = job_ AND number = chunk_ AND epoch = epoch_;
    RETURN CASE WHEN FOUND THEN 'kept' ELSE 'fenced' END;
END
$$;

-- Record that a call departs. Only after this is committed, and only if it says so, it may.
CREATE OR REPLACE FUNCTION @schema@.depart(
    job_ bigint, chunk_ integer, epoch_ integer, number_ integer, positions_ int4multirange,
    lease interval
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    chunk_row @schema@.chunks;
BEGIN
    SELECT * INTO chunk_row FROM @schema@.chunks WHERE job = job_ AND number = chunk_ FOR UPDATE;
    IF chunk_row.epoch IS DISTINCT FROM epoch_ THEN
        RETURN 'fenced';
    ELSIF NOT EXISTS (SELECT FROM @schema@.jobs WHERE id = job_ AND state = 'running') THEN
        RETURN 'stopped';
    ELSIF EXISTS (
        SELECT FROM @schema@.calls
        WHERE job = job_ AND chunk = chunk_ AND epoch = epoch_ AND number = number_
    ) THEN
        RETURN 'used';
    ELSIF isempty(positions_) OR NOT positions_ <@ int4range(0, chunk_row.size) THEN
        RETURN 'outside';
    ELSIF positions_ && chunk_row.taken THEN
        RETURN 'taken';
    END IF;
    INSERT INTO @schema@.calls (job, chunk, epoch, number, positions, size)
    VALUES (job_, chunk_, epoch_, number_, positions_, @schema@.size(positions_));
    UPDATE @schema@.chunks
    SET taken = taken + positions_, leased_until = clock_timestamp() + lease
    WHERE job = job_ AND number = chunk_;
    RETURN 'departed';
END
$$;

-- Record that a call was certainly not processed: its targets may depart again. A call that is not
-- there leaves a mark, so that a commit which comes later than this finds its number used.
CREATE OR REPLACE FUNCTION @schema@.withdraw(
    job_ bigint, chunk_ integer, epoch_ integer, number_ integer
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    free int4multirange;
BEGIN
    PERFORM FROM @schema@.chunks WHERE job = job_ AND number = chunk_ FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'gone';
    END IF;
    INSERT INTO @schema@.calls (job, chunk, epoch, number, positions, size, state)
    VALUES (job_, chunk_, epoch_, number_, '{}', 0, 4) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN 'withdrawn';
    END IF;
    UPDATE @schema@.calls SET state = 4, kind = NULL
    WHERE job = job_ AND chunk = chunk_ AND epoch = epoch_ AND number = number_
        AND NOT answered AND (state IS NULL OR state = 3)
    RETURNING positions INTO free;
    IF NOT FOUND THEN
        RETURN 'settled';
    END IF;
    UPDATE @schema@.chunks SET taken = taken - free, done = false
    WHERE job = job_ AND number = chunk_;
    UPDATE @schema@.jobs SET ended_at = NULL WHERE id = job_ AND ended_at IS NOT NULL;
    RETURN 'withdrawn';
END
$$;

-- Record the answer to a call, once; late as well: unknown since a takeover may become sent.
CREATE OR REPLACE FUNCTION @schema@.settle(
    job_ bigint, chunk_ integer, epoch_ integer, number_ integer,
    state_ smallint, reason_ text, kind_ text, exceptions_ jsonb
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    chunk_done boolean;
BEGIN
    SELECT done INTO chunk_done FROM @schema@.chunks
    WHERE job = job_ AND number = chunk_ FOR UPDATE;
    UPDATE @schema@.calls SET state = state_, reason = reason_, kind = kind_, answered = true
    WHERE job = job_ AND chunk = chunk_ AND epoch = epoch_ AND number = number_
        AND NOT answered AND (state IS NULL OR state = 3);
    IF NOT FOUND THEN
        RETURN 'settled';
    END IF;
    INSERT INTO @schema@.exceptions
    SELECT job_, chunk_, epoch_, number_,
        (e ->> 0)::integer, (e ->> 1)::smallint, e ->> 2, e ->> 3
    FROM jsonb_array_elements(exceptions_) AS e;
    IF chunk_done THEN
        PERFORM @schema@.count_up(job_, chunk_);
    END IF;
    RETURN 'settled';
END
$$;

-- Take what the service said of a job's targets into account; return the job's counts.
CREATE OR REPLACE FUNCTION @schema@.note(job_ bigint, counts jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    row_ @schema@.jobs;
BEGIN
    IF counts ? 'accepted' THEN
        UPDATE @schema@.jobs SET accepted = true, refused_alone = 0, ended_early = 0
        WHERE id = job_ AND NOT (accepted AND refused_alone = 0 AND ended_early = 0);
    ELSIF counts ?| ARRAY['refused alone', 'ended early'] THEN
        UPDATE @schema@.jobs SET
            refused_alone = greatest(0, refused_alone + coalesce((counts ->> 'refused alone')::integer, 0)),
            ended_early = greatest(0, ended_early + coalesce((counts ->> 'ended early')::integer, 0))
        WHERE id = job_;
    END IF;
    SELECT * INTO row_ FROM @schema@.jobs WHERE id = job_;
    RETURN jsonb_build_object(
        'accepted', row_.accepted::integer,
        'refused alone', row_.refused_alone,
        'ended early', row_.ended_early
    );
END
$$;

-- Carry out what a worker has to record, together: one commit, one answer to each.
CREATE OR REPLACE FUNCTION @schema@.apply(orders jsonb, lease interval) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    o jsonb;
    said text;
    answers jsonb := '[]';
BEGIN
    PERFORM @schema@.check_place();
    PERFORM @schema@.be_durable();
    FOR o IN SELECT * FROM jsonb_array_elements(orders) LOOP
        IF o ->> 0 = 'depart' THEN
            answers := answers || to_jsonb(@schema@.depart(
                (o ->> 1)::bigint, (o ->> 2)::integer, (o ->> 3)::integer, (o ->> 4)::integer,
                (o ->> 5)::int4multirange, lease
            ));
        ELSIF o ->> 0 = 'keep' THEN
            answers := answers || to_jsonb(@schema@.keep(
                (o ->> 1)::bigint, (o ->> 2)::integer, (o ->> 3)::integer, lease
            ));
        ELSIF o ->> 0 = 'withdraw' THEN
            answers := answers || to_jsonb(@schema@.withdraw(
                (o ->> 1)::bigint, (o ->> 2)::integer, (o ->> 3)::integer, (o ->> 4)::integer
            ));
        ELSE
            IF o ->> 0 = 'settle unsent' THEN
                said := @schema@.depart(
                    (o ->> 1)::bigint, (o ->> 2)::integer, (o ->> 3)::integer, (o ->> 4)::integer,
                    (o ->> 10)::int4multirange, lease
                );
                IF said NOT IN ('departed', 'used') THEN
                    answers := answers || jsonb_build_array(said);
                    CONTINUE;
                END IF;
            END IF;
            PERFORM @schema@.settle(
                (o ->> 1)::bigint, (o ->> 2)::integer, (o ->> 3)::integer, (o ->> 4)::integer,
                (o ->> 5)::smallint, o ->> 6, o ->> 7, o -> 8
            );
            answers := answers || jsonb_build_array(@schema@.note((o ->> 1)::bigint, o -> 9));
        END IF;
    END LOOP;
    RETURN answers;
END
$$;

CREATE OR REPLACE FUNCTION @schema@.count_up(job_ bigint, chunk_ integer) RETURNS void
LANGUAGE sql AS $$
    UPDATE @schema@.chunks AS c
    SET sent = t.sent, failed = t.failed, unknown = t.unknown, calls = t.calls
    FROM @schema@.tallies AS t
    WHERE c.job = job_ AND c.number = chunk_ AND t.job = job_ AND t.chunk = chunk_
$$;

-- Give a chunk back. It is done when each of its targets is in a call; else others go on with it.
CREATE OR REPLACE FUNCTION @schema@.release(job_ bigint, chunk_ integer, epoch_ integer)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    chunk_row @schema@.chunks;
BEGIN
    SELECT * INTO chunk_row FROM @schema@.chunks WHERE job = job_ AND number = chunk_ FOR UPDATE;
    IF chunk_row.epoch IS DISTINCT FROM epoch_ THEN
        RETURN 'fenced';
    END IF;
    UPDATE @schema@.calls SET state = 3, kind = @interrupted@
    WHERE job = job_ AND chunk = chunk_ AND state IS NULL;
    UPDATE @schema@.chunks SET
        worker = NULL, leased_until = NULL, epoch = epoch + 1,
        done = int4range(0, size)::int4multirange <@ taken
    WHERE job = job_ AND number = chunk_ RETURNING * INTO chunk_row;
    IF NOT chunk_row.done THEN
        RETURN 'open';
    END IF;
    PERFORM @schema@.count_up(job_, chunk_);
    UPDATE @schema@.jobs SET ended_at = clock_timestamp()
    WHERE id = job_ AND ended_at IS NULL
        AND NOT EXISTS (SELECT FROM @schema@.chunks WHERE job = job_ AND NOT done);
    RETURN 'done';
END
$$;

-- Let targets in some states depart again: they leave their calls, whose answers no longer count.
CREATE OR REPLACE FUNCTION @schema@.reopen(job_ bigint, chunk_ integer, states smallint[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one @schema@.calls;
    kept int4multirange;
    gone int4multirange;
    free int4multirange := '{}';
BEGIN
    PERFORM FROM @schema@.chunks WHERE job = job_ AND number = chunk_ FOR UPDATE;
    FOR one IN
        SELECT * FROM @schema@.calls AS c
        WHERE job = job_ AND chunk = chunk_ AND (
            state = ANY (states) OR EXISTS (
                SELECT FROM @schema@.exceptions AS e
                WHERE e.job = job_ AND e.chunk = chunk_ AND e.epoch = c.epoch
                    AND e.number = c.number AND e.state = ANY (states)
            )
        )
    LOOP
        SELECT
            coalesce(range_agg(int4range(position, position + 1))
                FILTER (WHERE state <> ALL (states)), '{}'),
            coalesce(range_agg(int4range(position, position + 1))
                FILTER (WHERE state = ANY (states)), '{}')
        INTO kept, gone FROM @schema@.exceptions
        WHERE job = job_ AND chunk = chunk_ AND epoch = one.epoch AND number = one.number;
        IF one.state <> ALL (states) THEN
            kept := one.positions - gone;
        END IF;
        DELETE FROM @schema@.exceptions
        WHERE job = job_ AND chunk = chunk_ AND epoch = one.epoch AND number = one.number
            AND state = ANY (states);
        UPDATE @schema@.calls SET
            positions = kept, size = @schema@.size(kept),
            state = CASE WHEN isempty(kept) THEN 4 ELSE state END
        WHERE job = job_ AND chunk = chunk_ AND epoch = one.epoch AND number = one.number;
        free := free + (one.positions - kept);
    END LOOP;
    IF NOT isempty(free) THEN
        UPDATE @schema@.chunks SET taken = taken - free, done = false
        WHERE job = job_ AND number = chunk_;
    END IF;
END
$$;

-- Let a stopped job go on. Targets in some states are sent to again, once no worker has a chunk.
CREATE OR REPLACE FUNCTION @schema@.resume(job_ bigint, states smallint[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    PERFORM @schema@.check_place();
    IF states <> '{}' THEN
        FOR one IN
            SELECT * FROM @schema@.chunks WHERE job = job_ ORDER BY number FOR UPDATE
        LOOP
            IF one.leased_until > clock_timestamp() THEN
                RETURN 'busy';
            END IF;
        END LOOP;
        UPDATE @schema@.chunks SET epoch = epoch + 1, worker = NULL, leased_until = NULL
        WHERE job = job_;
        UPDATE @schema@.calls SET state = 3, kind = @interrupted@
        WHERE job = job_ AND state IS NULL;
        PERFORM @schema@.reopen(job_, number, states) FROM @schema@.chunks WHERE job = job_;
    END IF;
    UPDATE @schema@.jobs SET
        state = 'running', error = NULL, refused_alone = 0, ended_early = 0,
        ended_at = CASE
            WHEN NOT EXISTS (SELECT FROM @schema@.chunks WHERE job = job_ AND NOT done)
            THEN coalesce(ended_at, clock_timestamp())
        END
    WHERE id = job_ AND state <> 'planning';
    RETURN 'running';
END
$$;
