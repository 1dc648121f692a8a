-- What has changed without the triggers (they were missing, or it was a
-- TRUNCATE or a foreign key's cascade) enters the log as it is found. Writers
-- wait at the counter meanwhile. Texts are compared byte by byte: a collation
-- takes 'a' for 'A'.
START TRANSACTION;
-- step
UPDATE supplier_revision SET n = n + 1 WHERE one = 1;
-- step
INSERT INTO supplier_changes
  (revision, supplier_id, action, name, address, city, state, country, email,
   phone, notes, actor, writer, form_key, at)
SELECT r.n - 1 + ROW_NUMBER() OVER (ORDER BY d.id), d.id, d.action, d.name,
       d.address, d.city, d.state, d.country, d.email, d.phone, d.notes, NULL,
       USER(), NULL, UTC_TIMESTAMP(6)
  FROM (SELECT s.id AS id, IF(c.action = 'remove', 'add', 'update') AS action,
               COALESCE(s.name, '') AS name, COALESCE(s.address, '') AS address,
               COALESCE(s.city, '') AS city, COALESCE(s.state, '') AS state,
               COALESCE(s.country, '') AS country,
               COALESCE(s.email, '') AS email, COALESCE(s.phone, '') AS phone,
               COALESCE(s.notes, '') AS notes
          FROM suppliers s
          JOIN supplier_changes c
            ON c.revision = (SELECT MAX(l.revision) FROM supplier_changes l
                              WHERE l.supplier_id = s.id)
         WHERE c.action = 'remove'
            OR CAST(COALESCE(s.name, '') AS BINARY) <> CAST(c.name AS BINARY)
            OR CAST(COALESCE(s.address, '') AS BINARY)
               <> CAST(c.address AS BINARY)
            OR CAST(COALESCE(s.city, '') AS BINARY) <> CAST(c.city AS BINARY)
            OR CAST(COALESCE(s.state, '') AS BINARY) <> CAST(c.state AS BINARY)
            OR CAST(COALESCE(s.country, '') AS BINARY)
               <> CAST(c.country AS BINARY)
            OR CAST(COALESCE(s.email, '') AS BINARY) <> CAST(c.email AS BINARY)
            OR CAST(COALESCE(s.phone, '') AS BINARY) <> CAST(c.phone AS BINARY)
            OR CAST(COALESCE(s.notes, '') AS BINARY) <> CAST(c.notes AS BINARY)
         UNION ALL
        SELECT c.supplier_id, 'remove', c.name, c.address, c.city, c.state,
               c.country, c.email, c.phone, c.notes
          FROM supplier_changes c LEFT JOIN suppliers s ON s.id = c.supplier_id
         WHERE s.id IS NULL AND c.action <> 'remove'
           AND c.revision = (SELECT MAX(l.revision) FROM supplier_changes l
                              WHERE l.supplier_id = c.supplier_id)) d
 CROSS JOIN supplier_revision r;
-- step
-- The counter names the last row of the log; without any it stays at 0.
UPDATE supplier_revision
   SET at = COALESCE((SELECT c.at FROM supplier_changes c
                       ORDER BY c.revision DESC LIMIT 1), at),
       n = COALESCE((SELECT MAX(c.revision) FROM supplier_changes c), 0)
 WHERE one = 1;
-- step
COMMIT;
