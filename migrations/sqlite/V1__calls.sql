-- One row a call. Names and meanings are those of the JSON lines: see docs/records.md.
CREATE TABLE calls (
    -- Rows are numbered as they come, so that new ones lie side by side in the file.
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL,
    call_id     TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    ringing_at  TEXT,
    answered_at TEXT,
    -- NULL while the call is up.
    ended_at    TEXT,
    outcome     TEXT NOT NULL,
    code        INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    hung_up_by  TEXT,
    "from"      TEXT NOT NULL,
    "to"        TEXT NOT NULL,
    number      TEXT NOT NULL,
    source      TEXT NOT NULL,
    listener    TEXT NOT NULL,
    account     TEXT,
    "group"     TEXT,
    route       TEXT,
    gateway     TEXT,
    duration_ms INTEGER,
    setup_ms    INTEGER,
    late        INTEGER NOT NULL,
    ack         INTEGER NOT NULL,
    revision    TEXT NOT NULL,
    -- A JSON list, as in the JSON lines.
    skipped     TEXT NOT NULL
);

-- A record is there once. The time stands before the id, which is random: new keys go to the end of the index.
CREATE UNIQUE INDEX calls_started_at ON calls (started_at, id);
CREATE INDEX calls_call_id ON calls (call_id);
CREATE INDEX calls_number ON calls (number);
-- Calls that are up; small, because a call that ends leaves it.
CREATE INDEX calls_open ON calls (answered_at) WHERE ended_at IS NULL;

-- The INVITEs of a call, in order.
CREATE TABLE attempts (
    -- calls.seq
    call        INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    gateway     TEXT NOT NULL,
    address     TEXT NOT NULL,
    number      TEXT NOT NULL,
    code        INTEGER NOT NULL,
    why         TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    PRIMARY KEY (call, position)
) WITHOUT ROWID;
