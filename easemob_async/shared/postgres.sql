-- Tables and functions of the shared account and token; easemob_async/shared/protocol.py says what
-- they mean. @schema@ is the name of the schema. The tables are unlogged: they cost no disk write,
-- and after a crash, or on a replica, the account is gone, and seen to be gone.

CREATE SCHEMA IF NOT EXISTS @schema@;

CREATE UNLOGGED TABLE IF NOT EXISTS @schema@.account (
  app text COLLATE "C" PRIMARY KEY,
  generation text NOT NULL,
  born bigint NOT NULL,
  closed bigint NOT NULL
);

CREATE UNLOGGED TABLE IF NOT EXISTS @schema@.quota_limit (
  app text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  id integer GENERATED ALWAYS AS IDENTITY,
  generation text NOT NULL DEFAULT '',
  last bigint NOT NULL DEFAULT 0,
  latest bigint NOT NULL DEFAULT 0,
  held bigint NOT NULL DEFAULT 0,
  pace double precision NOT NULL DEFAULT 1,
  pace_at bigint NOT NULL DEFAULT 0,
  paused bigint NOT NULL DEFAULT 0,
  next_slot bigint NOT NULL DEFAULT 0,
  slot_of text NOT NULL DEFAULT '',
  queue jsonb NOT NULL DEFAULT '[]',       -- [permit, units, lease], first come first
  configured jsonb NOT NULL DEFAULT '[]',  -- [capacity, until]
  PRIMARY KEY (app, name)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE UNLOGGED TABLE IF NOT EXISTS @schema@.hold (
  limit_id integer NOT NULL,
  permit text COLLATE "C" NOT NULL,
  units bigint NOT NULL,
  release bigint NOT NULL,
  PRIMARY KEY (limit_id, permit)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
CREATE INDEX IF NOT EXISTS hold_release ON @schema@.hold (limit_id, release, permit);

CREATE UNLOGGED TABLE IF NOT EXISTS @schema@.token (
  name text PRIMARY KEY,
  token text NOT NULL DEFAULT '',
  ends bigint NOT NULL DEFAULT 0,   -- below 0: never
  renew bigint NOT NULL DEFAULT 0,
  forced bigint NOT NULL DEFAULT 0,
  forcing boolean NOT NULL DEFAULT false,
  holder text NOT NULL DEFAULT '',
  lease bigint NOT NULL DEFAULT 0,
  retry bigint NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  error text NOT NULL DEFAULT ''
);

CREATE OR REPLACE FUNCTION @schema@.release_time(span bigint, at bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN span = 86400000000 THEN at - at % span + span ELSE at + span END
$$;

CREATE OR REPLACE FUNCTION @schema@.without(queue jsonb, permit text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(ticket ORDER BY place), '[]')
  FROM jsonb_array_elements(queue) WITH ORDINALITY AS q(ticket, place)
  WHERE ticket->>0 <> permit
$$;

CREATE OR REPLACE FUNCTION @schema@.with_lease(queue jsonb, permit text, lease bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(
    CASE WHEN ticket->>0 = permit THEN jsonb_set(ticket, '{2}', to_jsonb(lease)) ELSE ticket END
    ORDER BY place), '[]')
  FROM jsonb_array_elements(queue) WITH ORDINALITY AS q(ticket, place)
$$;

-- One step on the account of an app. Limits are locked in the order of their names, so that steps
-- wait for each other and never in a circle; the account is read after that, so that a limit is
-- never written by somebody who knows an older generation than the one it was written in.
CREATE OR REPLACE FUNCTION @schema@.exchange(
  app_ text, names text[], capacities bigint[], windows bigint[], request jsonb, skew bigint)
RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  second CONSTANT bigint := 1000000;
  day CONSTANT bigint := 86400000000;
  known CONSTANT text := request->>'known';
  total CONSTANT integer := cardinality(names);
  ids integer[]; generations text[]; lasts bigint[]; latests bigint[]; helds bigint[];
  paces double precision[]; paces_at bigint[]; pauses bigint[]; slots bigint[]; slots_of text[];
  queues jsonb[]; configureds jsonb[];
  number integer; place integer; i integer; other integer;
  acc @schema@.account; seen text;
  clock bigint; now_ bigint; latest_seen bigint;
  item jsonb; pair jsonb; ticket jsonb; mine jsonb; wanted jsonb;
  permit_ text; units_ bigint; least_ bigint; spare bigint; room bigint; ahead bigint;
  before integer; whole bigint; messages bigint; found_ boolean; at_ bigint; start_ bigint;
  lacking bigint; windows_ bigint; rest bigint; passed bigint; soonest bigint; looked integer;
  pace_ double precision; allowed bigint; gone bigint; wait_ bigint; poll bigint; freed record;
  changed integer; reply jsonb; replies jsonb := '[]'; waiting text[] := '{}'; usage jsonb := '[]';
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  IF total > 0 THEN
    IF (SELECT count(*) FROM @schema@.quota_limit WHERE app = app_ AND name = ANY (names)) < total
    THEN
      INSERT INTO @schema@.quota_limit (app, name)
        SELECT app_, name FROM unnest(names) AS name ORDER BY name COLLATE "C"
        ON CONFLICT DO NOTHING;
    END IF;
    SELECT array_agg(id), array_agg(generation), array_agg(last), array_agg(latest),
           array_agg(held), array_agg(pace), array_agg(pace_at), array_agg(paused),
           array_agg(next_slot), array_agg(slot_of), array_agg(queue), array_agg(configured)
      INTO ids, generations, lasts, latests, helds, paces, paces_at, pauses, slots, slots_of,
           queues, configureds
      FROM (SELECT * FROM @schema@.quota_limit WHERE app = app_ AND name = ANY (names)
            ORDER BY name FOR UPDATE) AS locked;
  END IF;

  clock := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + skew;
  SELECT * INTO acc FROM @schema@.account WHERE app = app_;
  IF NOT FOUND THEN
    INSERT INTO @schema@.account VALUES
      (app_, request->>'fresh', clock, CASE WHEN known = '' THEN 0 ELSE clock END)
      ON CONFLICT DO NOTHING;
    SELECT * INTO acc FROM @schema@.account WHERE app = app_;
  END IF;
  seen := acc.generation;
  IF known <> '' AND known <> seen THEN
    IF acc.closed < acc.born THEN
      UPDATE @schema@.account AS a SET closed = greatest(a.closed, a.born) WHERE app = app_
        RETURNING * INTO acc;
    END IF;
  ELSIF known <> '' AND (request->>'stepped')::boolean THEN
    UPDATE @schema@.account SET generation = request->>'fresh', born = clock, closed = clock
      WHERE app = app_ AND generation = seen;
    SELECT * INTO acc FROM @schema@.account WHERE app = app_;
  END IF;
  latest_seen := 0;
  FOR i IN 1 .. total LOOP
    IF generations[i] = acc.generation THEN
      latest_seen := greatest(latest_seen, lasts[i]);
    END IF;
  END LOOP;
  IF latest_seen > clock + second THEN  -- the clock went back; by less, it stands still
    UPDATE @schema@.account SET generation = request->>'fresh', born = clock, closed = clock
      WHERE app = app_ AND generation = acc.generation;
    SELECT * INTO acc FROM @schema@.account WHERE app = app_;
    latest_seen := 0;
  END IF;
  now_ := greatest(clock, latest_seen);

  FOR i IN 1 .. total LOOP
    IF generations[i] <> acc.generation THEN
      DELETE FROM @schema@.hold WHERE limit_id = ids[i];
      helds[i] := 0; paces[i] := 1; paces_at[i] := 0; pauses[i] := 0; slots[i] := 0;
      slots_of[i] := ''; queues[i] := '[]'; configureds[i] := '[]'; latests[i] := now_;
    ELSIF helds[i] > 0 THEN
      WITH expired AS (
        DELETE FROM @schema@.hold WHERE limit_id = ids[i] AND release <= now_ RETURNING units)
        SELECT coalesce(sum(units), 0) INTO gone FROM expired;
      helds[i] := helds[i] - gone;
    END IF;
    IF queues[i] <> '[]' THEN
      queues[i] := (
        SELECT coalesce(jsonb_agg(t ORDER BY n), '[]')
        FROM jsonb_array_elements(queues[i]) WITH ORDINALITY AS q(t, n)
        WHERE (t->>2)::bigint > now_);
    END IF;
    item := jsonb_build_array(jsonb_build_array(capacities[i], now_ + 30 * second));
    FOR m IN 0 .. jsonb_array_length(configureds[i]) - 1 LOOP
      pair := configureds[i]->m;
      IF (pair->>1)::bigint > now_ AND pair->0 <> item->0->0 THEN
        item := item || jsonb_build_array(pair);
        capacities[i] := least(capacities[i], (pair->>0)::bigint);
      END IF;
    END LOOP;
    configureds[i] := item;
  END LOOP;

  FOR k IN 0 .. jsonb_array_length(request->'kept') - 1 LOOP
    item := request->'kept'->k;
    FOR m IN 0 .. jsonb_array_length(item->2) - 1 LOOP
      pair := item->2->m;
      i := (pair->>0)::integer + 1;
      IF windows[i] > 0 THEN
        at_ := @schema@.release_time(windows[i], now_ + (item->>1)::bigint);
        INSERT INTO @schema@.hold VALUES (ids[i], item->>0, (pair->>1)::bigint, at_)
          ON CONFLICT DO NOTHING;
        IF FOUND THEN
          helds[i] := helds[i] + (pair->>1)::bigint;
          latests[i] := greatest(latests[i], at_);
        END IF;
      END IF;
    END LOOP;
  END LOOP;

  IF jsonb_array_length(request->'settled') > 0 THEN
    UPDATE @schema@.hold AS h SET release = least(h.release, s.release)
      FROM (SELECT ids[(u->>0)::integer + 1] AS id, t->>0 AS permit,
                   @schema@.release_time(
                     windows[(u->>0)::integer + 1], now_ - (t->>1)::bigint) AS release
            FROM jsonb_array_elements(request->'settled') AS t, jsonb_array_elements(t->2) AS u
           ) AS s
      WHERE h.limit_id = s.id AND h.permit = s.permit;
    GET DIAGNOSTICS changed = ROW_COUNT;
    -- The account may have been lost since: then there are holds to enter.
    IF changed < jsonb_array_length(jsonb_path_query_array(request->'settled', '$[*][2][*]')) THEN
      FOR i, units_, at_ IN
        INSERT INTO @schema@.hold
          SELECT s.id, s.permit, s.units, s.release
          FROM (SELECT ids[n] AS id, t->>0 AS permit, (u->>1)::bigint AS units,
                       @schema@.release_time(windows[n], now_ - (t->>1)::bigint) AS release
                FROM jsonb_array_elements(request->'settled') AS t, jsonb_array_elements(t->2) AS u,
                     LATERAL (SELECT (u->>0)::integer + 1 AS n) AS at
                WHERE windows[n] > 0
               ) AS s
          WHERE s.release > now_
          ON CONFLICT DO NOTHING
          RETURNING array_position(ids, limit_id), hold.units, hold.release
      LOOP
        helds[i] := helds[i] + units_;
        latests[i] := greatest(latests[i], at_);
      END LOOP;
    END IF;
  END IF;

  FOR k IN 0 .. jsonb_array_length(request->'returned') - 1 LOOP
    item := request->'returned'->k;
    permit_ := item->>0;
    FOR m IN 0 .. jsonb_array_length(item->1) - 1 LOOP
      i := (item->1->m)::integer + 1;
      DELETE FROM @schema@.hold WHERE limit_id = ids[i] AND permit = permit_
        RETURNING units INTO units_;
      IF FOUND THEN
        helds[i] := helds[i] - units_;
      END IF;
      queues[i] := @schema@.without(queues[i], permit_);
      IF slots_of[i] = permit_ THEN
        slots[i] := now_; slots_of[i] := '';
      END IF;
    END LOOP;
  END LOOP;

  FOR k IN 0 .. jsonb_array_length(request->'refused') - 1 LOOP
    item := request->'refused'->k;
    FOR m IN 0 .. jsonb_array_length(item->3) - 1 LOOP
      i := (item->3->m)::integer + 1;
      IF windows[i] = 0 THEN
        IF slots_of[i] = item->>0 THEN
          slots[i] := now_; slots_of[i] := '';
        END IF;
      ELSE
        at_ := (item->>1)::bigint;
        pauses[i] := greatest(
          pauses[i], now_ + CASE WHEN at_ < 0 THEN windows[i] / 20 ELSE at_ END);
        IF paces[i] = 1 OR (item->>2)::bigint >= paces_at[i] THEN
          pace_ := least(1, paces[i] + (now_ - paces_at[i])::double precision
                                       / least(10 * windows[i], 120 * second));
          paces[i] := greatest(1.0::double precision / 16, pace_ / 2);
          paces_at[i] := now_;
        END IF;
      END IF;
    END LOOP;
  END LOOP;

  IF jsonb_array_length(request->'settled') > 0 THEN  -- settling late may end holds by now
    FOR i IN 1 .. total LOOP
      WITH expired AS (
        DELETE FROM @schema@.hold WHERE limit_id = ids[i] AND release <= now_ RETURNING units)
        SELECT coalesce(sum(units), 0) INTO gone FROM expired;
      helds[i] := helds[i] - gone;
    END LOOP;
  END IF;

  FOR k IN 0 .. jsonb_array_length(request->'takes') - 1 LOOP
    item := request->'takes'->k;
    permit_ := item->>0;
    whole := (item->4)::bigint;
    wanted := item->5;
    IF item->>1 = ANY (waiting) THEN
      replies := replies || '[[3, 0, 0, 0, 0]]';
      CONTINUE;
    END IF;
    IF (item->>3)::boolean THEN
      SELECT least(whole, min(units) FILTER (WHERE p->2 < p->1)), count(*) > 0 INTO messages, found_
        FROM @schema@.hold, jsonb_array_elements(wanted) AS p
        WHERE limit_id = ids[(p->>0)::integer + 1] AND permit = permit_;
      IF found_ THEN
        replies := replies || jsonb_build_array(jsonb_build_array(0, 0, 0, 0, messages));
        CONTINUE;
      END IF;
    END IF;
    messages := whole;
    reply := NULL;
    place := 0;
    FOR m IN 0 .. jsonb_array_length(wanted) - 1 LOOP
      pair := wanted->m;
      number := (pair->>0)::integer;
      i := number + 1;
      units_ := (pair->>1)::bigint;
      least_ := (pair->>2)::bigint;
      spare := (pair->>3)::bigint;
      IF windows[i] > 0 AND least_ > capacities[i] THEN
        reply := jsonb_build_array(2, 0, 0, number, 0);
        EXIT;
      END IF;
      ahead := 0; before := 0; mine := NULL;
      IF queues[i] <> '[]' THEN
        FOR q IN 0 .. jsonb_array_length(queues[i]) - 1 LOOP
          ticket := queues[i]->q;
          IF ticket->>0 = permit_ THEN
            mine := ticket;
            EXIT;
          END IF;
          ahead := ahead + (ticket->>1)::bigint;
          before := before + 1;
        END LOOP;
      END IF;

      -- The units that there is room for, 0 if fewer than are of use; and a time before which not.
      room := 0;
      at_ := now_;
      IF windows[i] = 0 THEN
        IF slots[i] <= now_ THEN
          room := units_;
        ELSE
          at_ := slots[i] + ahead;
        END IF;
      ELSE
        start_ := greatest(now_, pauses[i]);
        IF windows[i] <> day THEN
          start_ := greatest(start_, acc.closed + windows[i]);
        END IF;
        pace_ := least(1, paces[i] + (now_ - paces_at[i])::double precision
                                     / least(10 * windows[i], 120 * second));
        allowed := greatest(least_, floor(capacities[i] * pace_)::bigint - spare);
        IF start_ <= now_ AND helds[i] + least_ <= allowed THEN
          room := least(units_, allowed - helds[i]);
        ELSE
          lacking := helds[i] + ahead + least_ - greatest(least_, capacities[i] - spare);
          at_ := start_;
          IF lacking > 0 THEN
            windows_ := (lacking - 1) / capacities[i];
            rest := (lacking - 1) % capacities[i];
            passed := 0; looked := 0;
            soonest := @schema@.release_time(windows[i], now_);
            FOR freed IN SELECT h.units, h.release FROM @schema@.hold AS h
                         WHERE h.limit_id = ids[i] ORDER BY h.release, h.permit LIMIT 128 LOOP
              passed := passed + freed.units;
              looked := looked + 1;
              IF passed > rest OR looked = 128 THEN
                soonest := least(freed.release, soonest);
                EXIT;
              END IF;
            END LOOP;
            at_ := greatest(start_, soonest + windows_ * windows[i]);
          END IF;
        END IF;
      END IF;

      IF room = 0 OR before > 0 THEN
        wait_ := greatest(0, at_ - now_);
        poll := wait_;
        IF windows[i] <> day THEN
          poll := least(greatest(wait_, 3000 * (before + 1)), 500000);
          at_ := now_ + poll + 500000;  -- its ticket's lease
          IF mine IS NULL THEN
            queues[i] := queues[i] || jsonb_build_array(jsonb_build_array(
              permit_, CASE WHEN windows[i] > 0 THEN least_ ELSE units_ END, at_));
          ELSE
            queues[i] := @schema@.with_lease(queues[i], permit_, at_);
          END IF;
          FOR other IN 0 .. jsonb_array_length(wanted) - 1 LOOP
            number := (wanted->other->>0)::integer + 1;
            IF queues[number] = '[]' THEN
              CONTINUE;
            ELSIF other < place THEN
              queues[number] := @schema@.with_lease(queues[number], permit_, at_);
            ELSIF other > place THEN
              queues[number] := @schema@.without(queues[number], permit_);
            END IF;
          END LOOP;
        END IF;
        reply := jsonb_build_array(1, wait_, poll, i - 1, 0);
        waiting := waiting || (item->>1);
        EXIT;
      END IF;
      IF windows[i] > 0 AND least_ < units_ THEN
        messages := least(messages, room);
      END IF;
      place := place + 1;
    END LOOP;
    IF reply IS NULL THEN
      FOR m IN 0 .. jsonb_array_length(wanted) - 1 LOOP
        pair := wanted->m;
        i := (pair->>0)::integer + 1;
        units_ := greatest(
          (pair->>2)::bigint, ((pair->>1)::bigint * messages + whole - 1) / whole);
        IF queues[i] <> '[]' THEN
          queues[i] := @schema@.without(queues[i], permit_);
        END IF;
        IF windows[i] = 0 THEN
          slots[i] := now_ + units_; slots_of[i] := permit_;
        ELSE
          at_ := @schema@.release_time(windows[i], now_ + (item->>2)::bigint);
          INSERT INTO @schema@.hold VALUES (ids[i], permit_, units_, at_);
          helds[i] := helds[i] + units_;
          latests[i] := greatest(latests[i], at_);
        END IF;
      END LOOP;
      reply := jsonb_build_array(0, 0, 0, 0, messages);
    END IF;
    replies := replies || jsonb_build_array(reply);
  END LOOP;

  FOR i IN 1 .. total LOOP
    UPDATE @schema@.quota_limit SET
      generation = acc.generation, last = now_, latest = latests[i], held = helds[i],
      pace = paces[i], pace_at = paces_at[i], paused = pauses[i], next_slot = slots[i],
      slot_of = slots_of[i], queue = queues[i], configured = configureds[i]
      WHERE app = app_ AND name = names[i];
    usage := usage || jsonb_build_array(
      jsonb_build_array(capacities[i], helds[i], jsonb_array_length(queues[i])));
  END LOOP;
  RETURN jsonb_build_array(clock, acc.generation, replies, usage);
END
$$;

-- The app's token, or a lease to fetch it.
CREATE OR REPLACE FUNCTION @schema@.claim_token(
  name_ text, holder_ text, known text, lease_ bigint, skew bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  second CONSTANT bigint := 1000000;
  now_ bigint;
  row_ @schema@.token;
  forcing_ boolean := false;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO @schema@.token (name) VALUES (name_) ON CONFLICT DO NOTHING;
  SELECT * INTO row_ FROM @schema@.token WHERE name = name_ FOR UPDATE;
  now_ := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + skew;
  IF row_.token <> '' AND (row_.ends < 0 OR row_.ends > now_ + second) THEN
    forcing_ := row_.renew < 0 OR now_ < row_.renew;
    -- A token that the service refuses is renewed once a minute.
    IF row_.token <> known OR (forcing_ AND now_ - row_.forced < 60 * second) THEN
      RETURN jsonb_build_array(
        row_.token, CASE WHEN row_.ends < 0 THEN -1 ELSE row_.ends - now_ END, 0, 0, '', 0);
    END IF;
  END IF;
  IF row_.retry > now_ THEN
    RETURN jsonb_build_array('', -1, 0, row_.retry - now_, row_.error, row_.failures);
  END IF;
  IF row_.lease > now_ AND row_.holder <> holder_ THEN
    RETURN jsonb_build_array('', -1, 0, 0, '', 0);
  END IF;
  UPDATE @schema@.token SET holder = holder_, lease = now_ + lease_, forcing = forcing_
    WHERE name = name_;
  RETURN jsonb_build_array('', -1, 1, 0, '', row_.failures);
END
$$;

-- Keep a token that was fetched, or why it could not be.
CREATE OR REPLACE FUNCTION @schema@.put_token(
  name_ text, holder_ text, token_ text, life bigint, renew_ bigint, wait bigint, error_ text,
  skew bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_ bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + skew;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  IF token_ <> '' THEN
    UPDATE @schema@.token SET
      holder = '', lease = 0, token = token_, retry = 0, failures = 0, error = '',
      ends = CASE WHEN life < 0 THEN -1 ELSE now_ + life END,
      renew = CASE WHEN life < 0 THEN -1 ELSE now_ + life - renew_ END,
      forced = CASE WHEN forcing THEN now_ ELSE forced END
      WHERE name = name_ AND holder = holder_;
  ELSE
    UPDATE @schema@.token SET
      holder = '', lease = 0, retry = now_ + wait, failures = failures + 1, error = error_
      WHERE name = name_ AND holder = holder_;
  END IF;
END
$$;

-- Forget limits that were idle for hours: many are counted for each user.
CREATE OR REPLACE FUNCTION @schema@.purge() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  ago CONSTANT bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - 7200000000;
BEGIN
  WITH idle AS (
    SELECT app, name FROM @schema@.quota_limit
      WHERE latest < ago AND last < ago FOR UPDATE SKIP LOCKED),
  gone AS (
    DELETE FROM @schema@.quota_limit AS l USING idle
      WHERE l.app = idle.app AND l.name = idle.name RETURNING l.id)
  DELETE FROM @schema@.hold WHERE limit_id IN (SELECT id FROM gone);
END
$$;
