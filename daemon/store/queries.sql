-- Every statement that the store runs, by name. Parameters are bound, never pasted.

-- name: meta_get
SELECT value FROM meta WHERE key = :key
-- name: meta_set
INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT DO UPDATE SET value = excluded.value

-- name: mark_get
SELECT mark, shape, complete_at, pass FROM marks WHERE scope = :scope AND kind = :kind
-- name: mark_set
INSERT INTO marks (scope, kind, mark, shape, complete_at, pass) VALUES (:scope, :kind, :at, :shape, :at, 1)
ON CONFLICT DO UPDATE SET
    mark = max(mark, excluded.mark), shape = excluded.shape,
    complete_at = CASE WHEN :complete THEN excluded.complete_at ELSE complete_at END,
    pass = pass + :complete
-- name: listed_get
SELECT 1 FROM listed WHERE scope = :scope AND kind = :kind AND start = :start AND shape = :shape
-- name: listed_set
INSERT INTO listed (scope, kind, start, shape) VALUES (:scope, :kind, :start, :shape)
ON CONFLICT DO UPDATE SET shape = excluded.shape

-- name: observation_state
SELECT digest, row_digest, whole, changed_at, read_at, gone FROM observations
WHERE scope = :scope AND kind = :kind AND id = :id
-- name: observation_pass
UPDATE observations SET pass = :run WHERE scope = :scope AND kind = :kind AND id = :id
-- name: observation_same
UPDATE observations SET read_at = :read_at, due_at = CASE WHEN :keep_due THEN due_at END, seq = coalesce(:seq, seq),
    changed_at = nullif(max(coalesce(changed_at, ''), coalesce(:changed_at, '')), '')
WHERE scope = :scope AND kind = :kind AND id = :id
-- name: observation_whole
-- One that is another than before, though no list row said so, makes the next row of it news: that may show again
-- what the last one did.
INSERT INTO observations
    (scope, kind, id, seq, sealed_fields, digest, whole, changed_at, born_at, read_at)
VALUES (:scope, :kind, :id, :seq, :sealed, :digest, 1, :changed_at, :born_at, :read_at)
ON CONFLICT DO UPDATE SET
    row_digest = CASE WHEN whole AND due_at IS NULL AND row_digest NOTNULL THEN x'' ELSE row_digest END,
    seq = excluded.seq, sealed_fields = excluded.sealed_fields, digest = excluded.digest, whole = 1, gone = 0,
    changed_at = excluded.changed_at, born_at = coalesce(excluded.born_at, born_at),
    read_at = excluded.read_at, due_at = CASE WHEN :keep_due THEN due_at END
-- name: observation_row_new
INSERT INTO observations
    (scope, kind, id, sealed_fields, digest, row_digest, whole, changed_at, due_at)
VALUES (:scope, :kind, :id, :sealed, :digest, :digest, 0, :changed_at, :due_at)
-- name: observation_row_again
UPDATE observations SET row_digest = :digest, gone = 0, seq = coalesce(:seq, seq),
    changed_at = nullif(max(coalesce(changed_at, ''), coalesce(:changed_at, '')), ''),
    due_at = CASE WHEN :due_at IS NULL THEN due_at ELSE min(coalesce(due_at, '9999'), :due_at) END
WHERE scope = :scope AND kind = :kind AND id = :id
-- name: observation_gone
UPDATE observations SET gone = 1, seq = CASE WHEN gone THEN seq ELSE :seq END, due_at = NULL, read_at = :read_at
WHERE scope = :scope AND kind = :kind AND id = :id
-- name: observation_due
-- A record that is known whole was changed since, whenever it fell due; one that never was read may be old.
-- Who was read at a time still to come was read by a clock that was put back since; who never was is not put off.
SELECT id FROM observations WHERE scope = :scope AND kind = :kind AND due_at > ''
    AND (due_at <= :now OR read_at > :now OR read_at IS NULL) AND (due_at > :since OR whole)
ORDER BY due_at, id LIMIT :most
-- name: observation_want
UPDATE observations SET due_at = coalesce(read_at, :now), pass = CASE WHEN pass = 0 THEN -1 ELSE pass END
WHERE scope = :scope AND kind = :kind AND id = :id
-- name: observation_known
SELECT count(*) FROM observations WHERE scope = :scope AND kind = :kind AND gone = 0
-- name: observation_groups
SELECT DISTINCT substr(id, 1, instr(id, '/') - 1) FROM observations
WHERE scope = :scope AND kind = :kind AND gone = 0 AND instr(id, '/')
-- name: observation_missing
-- Those that the complete reading before this one showed, or that were read whole and none showed yet (we made
-- them, say): a record is asked about once when it goes missing.
SELECT id FROM observations WHERE scope = :scope AND kind = :kind AND gone = 0
    AND (pass = :run - 1 OR pass = 0 AND whole) ORDER BY id
-- name: observation_before
SELECT max(id) FROM observations WHERE scope = :scope AND kind = :kind AND id >= :group AND id < :id
-- name: observation_get
SELECT sealed_fields, whole, changed_at, born_at, seq FROM observations
WHERE scope = :scope AND kind = :kind AND id = :id AND gone = 0

-- name: lookup_drop
DELETE FROM lookups WHERE scope = :scope AND kind = :kind AND id = :id
-- name: lookup_add
INSERT OR IGNORE INTO lookups (scope, kind, name, digest, id) VALUES (:scope, :kind, :name, :digest, :id)
-- name: lookup_find
SELECT l.id FROM lookups l JOIN observations o USING (scope, kind, id)
WHERE l.scope = :scope AND l.kind = :kind AND l.name = :name AND l.digest = :digest AND o.gone = 0 ORDER BY l.id

-- name: connector_get
SELECT id, start, born_at FROM connectors WHERE identity = :identity
-- name: connector_add
INSERT INTO connectors (identity, name, start, born_at) VALUES (:identity, :name, :start, :born_at)
-- name: connector_set
UPDATE connectors SET name = :name, born_at = min(born_at, :now) WHERE id = :id
-- name: connector_rename
UPDATE connectors SET name = identity WHERE name = :name AND id <> :id
-- name: connector_succeeded
UPDATE connectors SET succeeded_at = :at WHERE id = :id

-- name: todo_collect
INSERT INTO todo (connector, kind, side, id, seq, seen_at)
SELECT :connector, kind, :side, id, seq, read_at FROM observations
WHERE scope = :scope AND kind = :kind
    AND seq > coalesce((SELECT seq FROM cursors
        WHERE connector = :connector AND scope = :scope AND kind = :kind AND config = :config), 0)
ON CONFLICT DO UPDATE SET seq = excluded.seq
-- name: cursor_set
INSERT INTO cursors (connector, scope, kind, seq, config)
SELECT :connector, :scope, :kind, coalesce(max(seq), 0), :config FROM observations WHERE scope = :scope AND kind = :kind
ON CONFLICT DO UPDATE SET seq = excluded.seq, config = excluded.config
-- name: todo_list
SELECT side, id, seq, asked, seen_at FROM todo WHERE connector = :connector AND kind = :kind ORDER BY side, id
-- name: todo_fresh
SELECT side, id, seq, asked, seen_at FROM todo WHERE connector = :connector AND kind = :kind AND NOT asked ORDER BY side, id
-- name: todo_asked
SELECT t.side, t.id, t.seq, t.asked, t.seen_at FROM todo t
JOIN observations o ON o.scope = :scope AND o.kind = t.kind AND o.id = t.id
WHERE t.connector = :connector AND t.kind = :kind AND t.side = 'fortnox' AND t.asked AND o.whole ORDER BY t.id
LIMIT :most
-- name: todo_unread
SELECT t.id FROM todo t JOIN observations o ON o.scope = :scope AND o.kind = t.kind AND o.id = t.id
WHERE t.connector = :connector AND t.kind = :kind AND t.side = 'fortnox' AND t.asked AND NOT o.whole AND NOT o.gone
ORDER BY t.id LIMIT :most
-- name: todo_done
DELETE FROM todo WHERE connector = :connector AND kind = :kind AND side = :side AND id = :id AND seq <= :seq
-- name: todo_add
INSERT INTO todo (connector, kind, side, id, seq, asked) VALUES (:connector, :kind, :side, :id, :seq, :asked)
ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq), asked = max(asked, excluded.asked)
-- name: todo_wake
INSERT INTO todo (connector, kind, side, id, seq)
SELECT :connector, o.kind, :side, o.id, o.seq FROM lookups l JOIN observations o USING (scope, kind, id)
WHERE l.scope = :scope AND l.kind = :kind AND l.name = :name AND l.digest = :digest AND o.whole AND NOT o.gone
ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)
-- name: todo_put_off
UPDATE todo SET asked = 0 WHERE connector = :connector AND kind = :kind AND side = :side AND id = :id
-- name: todo_add_unlinked
INSERT INTO todo (connector, kind, side, id, seq, asked)
SELECT :connector, kind, 'fortnox', id, coalesce(seq, 0), :asked FROM observations o
WHERE scope = :scope AND kind = :kind AND gone = 0 AND NOT EXISTS (
    SELECT 1 FROM links l WHERE l.connector = :connector AND l.kind = o.kind AND l.fortnox_id = o.id)
ON CONFLICT DO UPDATE SET asked = max(asked, excluded.asked)

-- name: link_by_fortnox
SELECT fortnox_id, partner_id, sealed_agreed FROM links
WHERE connector = :connector AND kind = :kind AND fortnox_id = :id
-- name: link_by_partner
SELECT fortnox_id, partner_id, sealed_agreed FROM links
WHERE connector = :connector AND kind = :kind AND partner_id = :id
-- name: link_set
INSERT INTO links (connector, kind, fortnox_id, partner_id, sealed_agreed, linked_at)
VALUES (:connector, :kind, :fortnox_id, :partner_id, :sealed, :at)
ON CONFLICT (connector, kind, partner_id) DO UPDATE SET sealed_agreed = excluded.sealed_agreed
    WHERE fortnox_id = excluded.fortnox_id
-- name: link_move
UPDATE links SET fortnox_id = :to WHERE connector = :connector AND kind = :kind AND fortnox_id = :fortnox_id
-- name: links_all
SELECT partner_id, sealed_agreed FROM links WHERE connector = :connector AND kind = :kind
-- name: link_drop
DELETE FROM links WHERE connector = :connector AND kind = :kind AND partner_id = :partner_id
-- name: link_agreed
UPDATE links SET sealed_agreed = :sealed WHERE connector = :connector AND kind = :kind AND partner_id = :partner_id
-- name: links_before
SELECT fortnox_id, partner_id FROM links WHERE connector = :connector AND kind = :kind AND linked_at <= :at
ORDER BY linked_at DESC, id DESC LIMIT :most
-- name: link_count
SELECT count(*) FROM links WHERE connector = :connector AND kind = :kind

-- name: intent_key
SELECT 1 FROM intents WHERE connector = :connector AND kind = :kind AND key = :key AND state <> 'ready'
-- name: intents_creating
SELECT key, sealed_step FROM intents
WHERE connector = :connector AND kind = :kind AND action = 'create' AND state <> 'ready'
-- name: intent_again
SELECT digest, sealed_step FROM intents WHERE connector = :connector AND kind = :kind AND key = :key
    AND action = :action AND side = :side AND state = 'ready'
-- name: intent_open
INSERT INTO intents
    (connector, kind, key, action, side, source_id, target_id, state, reference, digest, sealed_step, config)
VALUES (:connector, :kind, :key, :action, :side, :source_id, :target_id, 'ready', :reference, :digest, :sealed, :config)
ON CONFLICT DO UPDATE SET source_id = excluded.source_id, target_id = excluded.target_id,
    reference = excluded.reference, digest = excluded.digest, sealed_step = excluded.sealed_step, config = excluded.config
    WHERE state = 'ready'
RETURNING id, attempt
-- name: intent_sent
UPDATE intents SET state = 'sent', attempt = attempt + 1, looks = 0, sent_at = :at, next_look_at = NULL, answered = 0
WHERE id = :id AND state = 'ready'
-- name: intent_ready
UPDATE intents SET state = 'ready', next_look_at = NULL, looks = 0 WHERE id = :id
-- name: intent_unknown
UPDATE intents SET state = 'unknown', next_look_at = :next_look_at, looks = :looks WHERE id = :id
-- name: intent_answered
UPDATE intents SET answered = 1 WHERE id = :id
-- name: intent_drop
DELETE FROM intents WHERE id = :id
-- name: intent_forget
DELETE FROM intents WHERE connector = :connector AND kind = :kind AND key = :key AND state = 'ready'
-- name: intent_drop_ready
DELETE FROM intents WHERE connector = :connector AND state = 'ready' AND attempt = 0
-- name: intent_after_restart
UPDATE intents SET state = 'unknown', looks = 0, next_look_at = :next_look_at
WHERE connector = :connector AND state = 'sent' AND id = :id
-- name: intents_in
SELECT id, sealed_step, key, state, attempt, looks, sent_at, next_look_at, answered FROM intents
WHERE connector = :connector AND state = :state ORDER BY id

-- name: parked_get
SELECT id, digest, config, ignored, asked, code FROM parked WHERE connector = :connector AND kind = :kind AND key = :key
-- name: parked_set
INSERT INTO parked (connector, kind, key, code, sealed_text, digest, config, since, tries, asked)
VALUES (:connector, :kind, :key, :code, :sealed, :digest, :config, :since, 1, :asked)
ON CONFLICT DO UPDATE SET code = excluded.code, sealed_text = excluded.sealed_text, digest = excluded.digest,
    config = excluded.config, tries = tries + 1, asked = max(asked, excluded.asked)
-- name: parked_drop
DELETE FROM parked WHERE connector = :connector AND kind = :kind AND key = :key AND ignored = 0
-- name: parked_found
DELETE FROM parked WHERE connector = :connector AND kind = :kind AND key = :key AND code = :code
-- name: waiting
-- What is parked and not ignored, what is still to be decided, and what is under way; of a side by its key.
SELECT key, max(code) FROM (
    SELECT key, code FROM parked WHERE connector = :connector AND kind = :kind AND ignored = 0
    UNION ALL SELECT key, '' FROM intents WHERE connector = :connector AND kind = :kind
    UNION ALL SELECT t.side || ':' || t.id, '' FROM todo t WHERE t.connector = :connector AND t.kind = :kind
        AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.connector = t.connector AND p.kind = t.kind
            AND p.key = t.side || ':' || t.id AND p.ignored))
GROUP BY key ORDER BY key
-- name: parked_drop_copy
DELETE FROM parked WHERE connector = :connector AND kind = :kind AND key = :key AND code = 'INT03'

-- name: conflict_last
SELECT id, digest, state, resolution FROM conflicts
WHERE connector = :connector AND kind = :kind AND key = :key AND field = :field ORDER BY id DESC LIMIT 1
-- name: conflict_add
INSERT INTO conflicts (connector, kind, key, field, sealed_values, digest, winner, rule, state, at)
VALUES (:connector, :kind, :key, :field, :sealed, :digest, :winner, :rule, :state, :at)
-- name: conflict_close
UPDATE conflicts SET state = 'resolved', winner = coalesce(resolution, winner)
WHERE connector = :connector AND kind = :kind AND key = :key AND field = :field AND state = 'open'
-- name: conflicts_open
SELECT field, resolution FROM conflicts
WHERE connector = :connector AND kind = :kind AND key = :key AND state = 'open'

-- name: held_get
SELECT id, digest, released FROM held WHERE connector = :connector AND kind = :kind
-- name: held_set
INSERT INTO held (connector, kind, digest, reason, steps, sealed_steps, released, at)
VALUES (:connector, :kind, :digest, :reason, :steps, :sealed, 0, :at)
ON CONFLICT (connector, kind) DO UPDATE SET
    id = (SELECT max(id) + 1 FROM held), digest = excluded.digest, reason = excluded.reason, steps = excluded.steps,
    sealed_steps = excluded.sealed_steps, released = 0, at = excluded.at
    WHERE digest <> excluded.digest
-- name: held_drop
DELETE FROM held WHERE connector = :connector AND kind = :kind

-- name: audit_last
SELECT chain FROM audit ORDER BY seq DESC LIMIT 1
-- name: audit_all
SELECT seq, at, connector, kind, key, fortnox_id, partner_id, action, outcome, side, status, code, sealed_cause, remedy,
    sealed_sent, chain FROM audit ORDER BY seq
-- name: audit_add
INSERT INTO audit (at, connector, kind, key, fortnox_id, partner_id, action, outcome, side, status, code, sealed_cause, remedy,
    sealed_sent, chain)
VALUES (:at, :connector, :kind, :key, :fortnox_id, :partner_id, :action, :outcome, :side, :status, :code, :sealed_cause,
    :remedy, :sealed_sent, :chain)

-- name: count_linked
SELECT count(*) FROM links WHERE connector = :connector
-- name: count_parked
SELECT count(*) FROM parked WHERE connector = :connector AND ignored = 0
-- name: count_held
SELECT count(*) FROM held WHERE connector = :connector
-- name: count_conflicts
SELECT count(*) FROM conflicts WHERE connector = :connector AND state = 'open'
-- name: count_intents
SELECT state, count(*), min(sent_at), min(next_look_at) FROM intents WHERE connector = :connector GROUP BY state

-- name: token_get
SELECT generation, sealed_token FROM tokens WHERE name = :name ORDER BY generation DESC LIMIT 1
-- name: token_set
INSERT INTO tokens (name, generation, sealed_token, stored_at) VALUES (:name, :generation, :sealed, :at)
ON CONFLICT DO UPDATE SET sealed_token = excluded.sealed_token, stored_at = excluded.stored_at
-- name: token_prune
DELETE FROM tokens WHERE name = :name AND generation < :generation AND stored_at < :before

-- name: desk_connector
SELECT id, paused, succeeded_at FROM connectors WHERE name = :name
-- name: desk_paused
SELECT name FROM connectors WHERE paused
-- name: desk_set_paused
UPDATE connectors SET paused = :paused WHERE name = :name
-- name: desk_parked
SELECT p.id, c.name, p.kind, p.key, p.code, p.sealed_text, p.since, p.tries FROM parked p
JOIN connectors c ON c.id = p.connector WHERE p.ignored = 0 ORDER BY p.since, p.id
-- name: desk_parked_one
SELECT p.connector, c.name, p.kind, p.key, p.code FROM parked p JOIN connectors c ON c.id = p.connector WHERE p.id = :id
-- name: desk_unpark
DELETE FROM parked WHERE id = :id
-- name: desk_ignore
UPDATE parked SET ignored = 1 WHERE id = :id
-- name: desk_conflicts
SELECT f.id, c.name, f.kind, f.key, f.field, f.sealed_values, f.winner, f.rule, f.state, f.at FROM conflicts f
JOIN connectors c ON c.id = f.connector ORDER BY f.state <> 'open', f.id DESC LIMIT 1000
-- name: desk_conflict_one
SELECT f.connector, c.name, f.kind, f.key, f.state FROM conflicts f JOIN connectors c ON c.id = f.connector
WHERE f.id = :id
-- name: desk_resolve
UPDATE conflicts SET resolution = :use WHERE id = :id AND state = 'open'
-- name: desk_held
SELECT h.id, c.name, h.connector, h.kind, h.digest, h.reason, h.steps, h.sealed_steps, h.at FROM held h
JOIN connectors c ON c.id = h.connector ORDER BY h.id
-- name: desk_held_one
SELECT h.connector, c.name, h.kind, h.sealed_steps FROM held h JOIN connectors c ON c.id = h.connector WHERE h.id = :id
-- name: desk_release
UPDATE held SET released = 1 WHERE id = :id
-- name: desk_drop_held
DELETE FROM held WHERE id = :id
-- name: desk_drop_todo
DELETE FROM todo WHERE connector = :connector AND kind = :kind AND side = :side AND id = :id
-- name: desk_intents
SELECT i.id, c.name, i.kind, i.key, i.action, i.state, i.attempt, i.reference, i.sent_at, i.next_look_at
FROM intents i JOIN connectors c ON c.id = i.connector ORDER BY i.id
-- name: desk_log
SELECT a.seq, a.at, c.name, a.kind, a.key, a.fortnox_id, a.partner_id, a.action, a.outcome, a.side, a.status, a.code,
    a.sealed_cause, a.remedy, a.sealed_sent
FROM audit a JOIN connectors c ON c.id = a.connector
WHERE (:connector IS NULL OR c.name = :connector) AND (:key IS NULL OR :key IN (a.key, a.fortnox_id, a.partner_id))
ORDER BY a.seq DESC LIMIT :limit
