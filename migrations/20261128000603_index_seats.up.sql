-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- By itself: while it is made, votes are read as ever, and written after it. It looks at each row once and finds none.
CREATE UNIQUE INDEX approval_decisions_of_seats ON approval_decisions (approval_id, seat_id, level)
    WHERE seat_id IS NOT NULL;
