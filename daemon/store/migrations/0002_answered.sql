-- Whether a vendor has said that the write took effect, although nothing has shown it yet.
ALTER TABLE intents ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
