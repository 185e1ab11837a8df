-- The span of times in each stretch of 1,024 sequence numbers of a log that is full: what is asked for by time is looked
-- for only where it can be. Not an index: a row in 1,024 instead of one each, because writes pay for indexes. Times follow
-- the sequence closely, not strictly (a call told late, a clock set back): hence both ends. The stretch being filled has
-- no row yet.

CREATE TABLE event_times (
    stretch INTEGER PRIMARY KEY,
    earliest BIGINT NOT NULL,
    latest BIGINT NOT NULL
);
CREATE TABLE audit_times (
    stretch INTEGER PRIMARY KEY,
    earliest BIGINT NOT NULL,
    latest BIGINT NOT NULL
);

INSERT INTO event_times (stretch, earliest, latest)
SELECT sequence / 1024, MIN(time), MAX(time) FROM events
WHERE sequence < (SELECT MAX(sequence) FROM events) / 1024 * 1024 GROUP BY sequence / 1024;
INSERT INTO audit_times (stretch, earliest, latest)
SELECT sequence / 1024, MIN(time), MAX(time) FROM audit_entries
WHERE sequence < (SELECT MAX(sequence) FROM audit_entries) / 1024 * 1024 GROUP BY sequence / 1024;
