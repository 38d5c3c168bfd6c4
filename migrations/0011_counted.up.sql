-- Matches of a search are counted by looking up what they are; without the rows themselves, which are wide.

CREATE INDEX broadcasts_counted ON broadcasts (id, visibility, status, list_rank, created_at);
