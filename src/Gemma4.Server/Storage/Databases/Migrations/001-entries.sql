-- What one caller keeps: a response, a chat completion, a conversation and so on. Times are milliseconds since 1970.
CREATE TABLE entries (
    key {key},
    owner TEXT NOT NULL,                -- the caller: SHA-256 of its key, empty where the server asks for none
    kind TEXT NOT NULL,
    id TEXT NOT NULL,                   -- as the API names it
    created BIGINT NOT NULL,
    used BIGINT NOT NULL,               -- when it was last added to; what is older than the retention is not there, but for files
    expires BIGINT,                     -- from when on it is not there, null where only the retention says so
    model TEXT NOT NULL,
    parent BIGINT REFERENCES entries (key), -- the entry whose items stand before its own
    parent_until BIGINT,                -- of those only the ones at smaller positions, null for all
    hidden BIGINT NOT NULL DEFAULT 0,   -- 1: deleted, and its items stay as long as another goes on from them
    bytes BIGINT NOT NULL,              -- of body and items
    body {bytes} NOT NULL,              -- JSON
    UNIQUE (owner, kind, id)
);
CREATE INDEX entries_by_age ON entries (owner, kind, created, key);
CREATE INDEX entries_by_use ON entries (owner, used, key);
CREATE INDEX entries_by_end ON entries (expires);
CREATE INDEX entries_by_parent ON entries (parent);

-- The parts of an entry, in order: items of a conversation, messages of a prompt.
CREATE TABLE items (
    entry BIGINT NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    role BIGINT NOT NULL,               -- 0: stood before its entry, 1: went in, 2: came out
    id TEXT,                            -- null where it cannot be asked for
    body {bytes} NOT NULL,              -- JSON
    PRIMARY KEY (entry, position)
);
CREATE INDEX items_by_id ON items (id);

-- Long texts of bodies and items, media above all: each content once for each owner.
CREATE TABLE blobs (
    key {key},
    owner TEXT NOT NULL,
    of_file BIGINT NOT NULL DEFAULT 0,  -- 1: the content of a file, which is not forgotten to make room
    hash TEXT NOT NULL,                 -- SHA-256 of the content; of one that is being written upload-, its time and a number of chance
    bytes BIGINT NOT NULL,
    UNIQUE (owner, of_file, hash)
);
CREATE TABLE blob_parts (
    blob BIGINT NOT NULL REFERENCES blobs (key) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    content {bytes} NOT NULL,
    PRIMARY KEY (blob, position)
);
CREATE TABLE blob_uses (
    entry BIGINT NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    blob BIGINT NOT NULL REFERENCES blobs (key),
    PRIMARY KEY (entry, blob)
);
CREATE INDEX blob_uses_by_blob ON blob_uses (blob);

-- What lists are filtered by: a hash of a name and a value.
CREATE TABLE tags (
    entry BIGINT NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (tag, entry)
);
CREATE INDEX tags_by_entry ON tags (entry);

-- What each owner holds: entries that are not hidden, bytes of all entries and long texts, and bytes of contents of files.
CREATE TABLE holdings (
    owner TEXT PRIMARY KEY,
    entries BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    file_bytes BIGINT NOT NULL DEFAULT 0
);

-- Work that was promised and is not done: who does it, and until when that one counts as alive.
CREATE TABLE jobs (
    entry BIGINT PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    queued BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease TEXT NOT NULL,                -- of the one who does it; empty for nobody
    leased_until BIGINT NOT NULL,
    cancelled BIGINT NOT NULL DEFAULT 0,
    request {bytes} NOT NULL
);
CREATE INDEX jobs_by_lease ON jobs (kind, leased_until, queued);

-- The events of a streamed entry, some hundred to a row.
CREATE TABLE events (
    entry BIGINT NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    first BIGINT NOT NULL,              -- number of the first event of the row
    count BIGINT NOT NULL,
    body {bytes} NOT NULL,              -- a line of JSON an event
    PRIMARY KEY (entry, first)
);
