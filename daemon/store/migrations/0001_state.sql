-- What each side last showed, what is linked, what is under way, and what happened.
-- Texts named sealed_* are AES-GCM: values of records, which may be personal data.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE connectors (
    id       INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,      -- tenant and partner account; never the name in the config
    name     TEXT NOT NULL,
    start    TEXT NOT NULL,             -- from when on records cross by themselves
    born_at  TEXT NOT NULL,             -- when this memory of the connector began
    paused   INTEGER NOT NULL DEFAULT 0,
    succeeded_at TEXT
) STRICT;

-- One row for each record of each account ("scope"), however many connectors use it.
CREATE TABLE observations (
    scope         TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    seq           INTEGER,              -- rises with every change of a whole record; null for a list row alone
    sealed_fields BLOB NOT NULL,
    digest        BLOB NOT NULL,        -- keyed digest of the fields
    row_digest    BLOB,                 -- of the list row, where that shows less than the record
    whole         INTEGER NOT NULL,
    gone          INTEGER NOT NULL DEFAULT 0,
    changed_at    TEXT,
    born_at       TEXT,
    read_at       TEXT,
    due_at        TEXT,                 -- when it must be read by key; null for never
    pass          INTEGER NOT NULL DEFAULT 0,  -- the last complete reading that showed it
    PRIMARY KEY (scope, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX observations_seq ON observations (scope, kind, seq);
CREATE INDEX observations_due ON observations (scope, kind, due_at) WHERE due_at IS NOT NULL;

-- Keyed digests of the values that name a record, to find twins without clear text.
CREATE TABLE lookups (
    scope  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    digest BLOB NOT NULL,
    id     TEXT NOT NULL,
    PRIMARY KEY (scope, kind, name, digest, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lookups_id ON lookups (scope, kind, id);

CREATE TABLE marks (
    scope       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    mark        TEXT NOT NULL,          -- server time up to which everything was stored
    shape       TEXT NOT NULL,          -- how the records were read; another shape is read anew
    complete_at TEXT NOT NULL,          -- when every record was last listed
    pass        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, kind)
) STRICT, WITHOUT ROWID;

-- Since when on changes were asked for, for each start that some connector has.
CREATE TABLE listed (
    scope TEXT NOT NULL,
    kind  TEXT NOT NULL,
    start TEXT NOT NULL,
    shape TEXT NOT NULL,
    PRIMARY KEY (scope, kind, start)
) STRICT, WITHOUT ROWID;

-- Up to which change each connector has collected what is new to it. Under other settings everything is.
CREATE TABLE cursors (
    connector INTEGER NOT NULL REFERENCES connectors (id),
    scope     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    config    TEXT NOT NULL,            -- digest of the settings it was collected under
    PRIMARY KEY (connector, scope, kind)
) STRICT, WITHOUT ROWID;

-- Records that a connector has still to decide about.
CREATE TABLE todo (
    connector INTEGER NOT NULL REFERENCES connectors (id),
    kind      TEXT NOT NULL,
    side      TEXT NOT NULL,
    id        TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    asked     INTEGER NOT NULL DEFAULT 0,
    seen_at   TEXT,                     -- when the change was read
    PRIMARY KEY (connector, kind, side, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
    id            INTEGER PRIMARY KEY,
    connector     INTEGER NOT NULL REFERENCES connectors (id),
    kind          TEXT NOT NULL,
    fortnox_id    TEXT NOT NULL,
    partner_id    TEXT NOT NULL,
    sealed_agreed BLOB NOT NULL,
    linked_at     TEXT NOT NULL,
    UNIQUE (connector, kind, fortnox_id),
    UNIQUE (connector, kind, partner_id)
) STRICT;

-- One row for each effect under way; it is gone when the effect is settled.
CREATE TABLE intents (
    id           INTEGER PRIMARY KEY,
    connector    INTEGER NOT NULL REFERENCES connectors (id),
    kind         TEXT NOT NULL,
    key          TEXT NOT NULL,
    action       TEXT NOT NULL,         -- create, update
    side         TEXT NOT NULL,
    source_id    TEXT NOT NULL,
    target_id    TEXT,
    state        TEXT NOT NULL,         -- ready, sent, unknown, hold
    attempt      INTEGER NOT NULL DEFAULT 0,
    looks        INTEGER NOT NULL DEFAULT 0,  -- empty looks since it became unknown
    reference    TEXT,
    digest       BLOB NOT NULL,
    sealed_step  BLOB NOT NULL,
    config       TEXT NOT NULL,         -- digest of the settings it was decided under
    sent_at      TEXT,
    next_look_at TEXT,
    UNIQUE (connector, kind, key, action, side)
) STRICT;

CREATE TABLE parked (
    id          INTEGER PRIMARY KEY,
    connector   INTEGER NOT NULL REFERENCES connectors (id),
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    code        TEXT NOT NULL,
    sealed_text BLOB NOT NULL,          -- what, where, todo
    digest      BLOB NOT NULL,          -- of what was tried
    config      TEXT NOT NULL,
    since       TEXT NOT NULL,
    tries       INTEGER NOT NULL,
    asked       INTEGER NOT NULL,       -- an operator wanted it over although it is old
    ignored     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (connector, kind, key)
) STRICT;

CREATE TABLE conflicts (
    id            INTEGER PRIMARY KEY,
    connector     INTEGER NOT NULL REFERENCES connectors (id),
    kind          TEXT NOT NULL,
    key           TEXT NOT NULL,
    field         TEXT NOT NULL,
    sealed_values BLOB NOT NULL,        -- base, fortnox, partner
    digest        BLOB NOT NULL,
    winner        TEXT,
    rule          TEXT NOT NULL,
    state         TEXT NOT NULL,        -- open, decided, standing, resolved
    resolution    TEXT,
    at            TEXT NOT NULL
) STRICT;
CREATE INDEX conflicts_key ON conflicts (connector, kind, key, field);
CREATE INDEX conflicts_open ON conflicts (connector, kind, key) WHERE state = 'open';

CREATE TABLE held (
    id        INTEGER PRIMARY KEY,
    connector INTEGER NOT NULL REFERENCES connectors (id),
    kind      TEXT NOT NULL,
    digest    TEXT NOT NULL,
    reason    TEXT NOT NULL,
    steps     INTEGER NOT NULL,
    sealed_steps BLOB NOT NULL,
    released  INTEGER NOT NULL DEFAULT 0,
    at        TEXT NOT NULL,
    UNIQUE (connector, kind)
) STRICT;

-- Append-only; each row holds the digest of the one before it. Digests are over sealed values,
-- so that a person's values can be dropped and the chain still holds.
CREATE TABLE audit (
    seq          INTEGER PRIMARY KEY,
    at           TEXT NOT NULL,
    connector    INTEGER NOT NULL REFERENCES connectors (id),
    kind         TEXT NOT NULL,
    key          TEXT NOT NULL,
    fortnox_id   TEXT,
    partner_id   TEXT,
    action       TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    side         TEXT,
    status       INTEGER,
    code         TEXT,
    sealed_cause BLOB NOT NULL,         -- a vendor's words may name a person
    remedy       TEXT NOT NULL,
    sealed_sent  BLOB,
    chain        BLOB NOT NULL
) STRICT;

CREATE TABLE tokens (
    name         TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    sealed_token BLOB NOT NULL,
    stored_at    TEXT NOT NULL,
    PRIMARY KEY (name, generation)
) STRICT, WITHOUT ROWID;
