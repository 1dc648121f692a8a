-- The change log. Every change to a supplier, whoever makes it, takes the next
-- revision within its own transaction: the lock of the counter's one row makes
-- the order of revisions the order of commits.
CREATE TABLE IF NOT EXISTS supplier_revision (
  one TINYINT NOT NULL,
  n BIGINT UNSIGNED NOT NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
INSERT IGNORE INTO supplier_revision (one, n, at)
VALUES (1, 0, UTC_TIMESTAMP(6));
-- step
-- Append-only, without NULL even where an adopted table allows it. It is what
-- daemons follow, the history that people read, and what brings back a deleted
-- supplier.
CREATE TABLE IF NOT EXISTS supplier_changes (
  revision BIGINT UNSIGNED NOT NULL,
  supplier_id INT NOT NULL,
  action ENUM('adopt', 'add', 'update', 'remove', 'restore') NOT NULL,
  name VARCHAR(255) NOT NULL,
  address VARCHAR(255) NOT NULL,
  city VARCHAR(255) NOT NULL,
  state VARCHAR(255) NOT NULL,
  country VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL,
  phone VARCHAR(100) NOT NULL,
  notes TEXT NOT NULL,
  actor VARCHAR(255) NULL,
  writer VARCHAR(288) NOT NULL,
  form_key CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (revision),
  KEY by_supplier (supplier_id, revision)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
-- A form that was sent twice is recognised by its key.
CREATE TABLE IF NOT EXISTS supplier_form_keys (
  form_key CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  digest BINARY(32) NOT NULL,
  supplier_id INT NULL,
  revision BIGINT UNSIGNED NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (form_key),
  KEY by_time (at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
-- The trigger for new rows comes last: a row that is logged at all is logged
-- until its end.
DROP TRIGGER IF EXISTS suppliers_removed;
-- step
CREATE TRIGGER suppliers_removed AFTER DELETE ON suppliers FOR EACH ROW
BEGIN
  DECLARE next BIGINT UNSIGNED;
  DECLARE moment DATETIME(6) DEFAULT UTC_TIMESTAMP(6);

  UPDATE supplier_revision SET n = n + 1, at = moment WHERE one = 1;
  SELECT n INTO next FROM supplier_revision WHERE one = 1;
  INSERT INTO supplier_changes
    (revision, supplier_id, action, name, address, city, state, country,
     email, phone, notes, actor, writer, form_key, at)
  VALUES
    (next, OLD.id, 'remove', COALESCE(OLD.name, ''),
     COALESCE(OLD.address, ''), COALESCE(OLD.city, ''), COALESCE(OLD.state, ''),
     COALESCE(OLD.country, ''), COALESCE(OLD.email, ''),
     COALESCE(OLD.phone, ''), COALESCE(OLD.notes, ''), LEFT(@cafe_actor, 255),
     USER(), LEFT(@cafe_form_key, 22), moment);
END;
-- step
DROP TRIGGER IF EXISTS suppliers_changed;
-- step
-- Every row is logged, also one that is written as it was: comparing would
-- take 'a' for 'A'. A row that gets another id is gone under the old one; one
-- that UPDATE IGNORE left alone, because its new id is taken, is still there.
CREATE TRIGGER suppliers_changed AFTER UPDATE ON suppliers FOR EACH ROW
BEGIN
  DECLARE next BIGINT UNSIGNED;
  DECLARE moment DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
  DECLARE moved BOOLEAN DEFAULT NEW.id <> OLD.id;
  DECLARE ignored BOOLEAN DEFAULT FALSE;

  IF moved THEN
    SET ignored = EXISTS (SELECT 1 FROM suppliers WHERE id = OLD.id);
  END IF;
  IF moved AND NOT ignored THEN
    UPDATE supplier_revision SET n = n + 1, at = moment WHERE one = 1;
    SELECT n INTO next FROM supplier_revision WHERE one = 1;
    INSERT INTO supplier_changes
      (revision, supplier_id, action, name, address, city, state, country,
       email, phone, notes, actor, writer, form_key, at)
    VALUES
      (next, OLD.id, 'remove', COALESCE(OLD.name, ''),
       COALESCE(OLD.address, ''), COALESCE(OLD.city, ''),
       COALESCE(OLD.state, ''),
       COALESCE(OLD.country, ''), COALESCE(OLD.email, ''),
       COALESCE(OLD.phone, ''), COALESCE(OLD.notes, ''), LEFT(@cafe_actor, 255),
       USER(), LEFT(@cafe_form_key, 22), moment);
  END IF;
  IF NOT ignored THEN
    UPDATE supplier_revision SET n = n + 1, at = moment WHERE one = 1;
    SELECT n INTO next FROM supplier_revision WHERE one = 1;
    INSERT INTO supplier_changes
      (revision, supplier_id, action, name, address, city, state, country,
       email, phone, notes, actor, writer, form_key, at)
    VALUES
      (next, NEW.id,
       IF(moved, 'add', IF(@cafe_action = 'restore', 'restore', 'update')),
       COALESCE(NEW.name, ''), COALESCE(NEW.address, ''),
       COALESCE(NEW.city, ''), COALESCE(NEW.state, ''),
       COALESCE(NEW.country, ''), COALESCE(NEW.email, ''),
       COALESCE(NEW.phone, ''), COALESCE(NEW.notes, ''),
       LEFT(@cafe_actor, 255), USER(),
       LEFT(@cafe_form_key, 22), moment);
  END IF;
END;
-- step
DROP TRIGGER IF EXISTS suppliers_added;
-- step
CREATE TRIGGER suppliers_added AFTER INSERT ON suppliers FOR EACH ROW
BEGIN
  DECLARE next BIGINT UNSIGNED;
  DECLARE moment DATETIME(6) DEFAULT UTC_TIMESTAMP(6);

  UPDATE supplier_revision SET n = n + 1, at = moment WHERE one = 1;
  SELECT n INTO next FROM supplier_revision WHERE one = 1;
  INSERT INTO supplier_changes
    (revision, supplier_id, action, name, address, city, state, country,
     email, phone, notes, actor, writer, form_key, at)
  VALUES
    (next, NEW.id, IF(@cafe_action = 'restore', 'restore', 'add'),
     COALESCE(NEW.name, ''),
     COALESCE(NEW.address, ''), COALESCE(NEW.city, ''),
     COALESCE(NEW.state, ''), COALESCE(NEW.country, ''),
     COALESCE(NEW.email, ''), COALESCE(NEW.phone, ''),
     COALESCE(NEW.notes, ''), LEFT(@cafe_actor, 255), USER(),
     LEFT(@cafe_form_key, 22),
     moment);
END;
-- step
-- Suppliers from before the log enter it once. Writers wait at the counter
-- meanwhile, so that the numbers have no rival.
START TRANSACTION;
-- step
UPDATE supplier_revision SET n = n + 1 WHERE one = 1;
-- step
INSERT INTO supplier_changes
  (revision, supplier_id, action, name, address, city, state, country, email,
   phone, notes, actor, writer, form_key, at)
SELECT r.n - 1 + ROW_NUMBER() OVER (ORDER BY s.id), s.id, 'adopt',
COALESCE(s.name, ''),
       COALESCE(s.address, ''), COALESCE(s.city, ''), COALESCE(s.state, ''),
       COALESCE(s.country, ''), COALESCE(s.email, ''), COALESCE(s.phone, ''),
       COALESCE(s.notes, ''), NULL,
       USER(), NULL, UTC_TIMESTAMP(6)
  FROM suppliers s CROSS JOIN supplier_revision r
 WHERE NOT EXISTS
       (SELECT 1 FROM supplier_changes c WHERE c.supplier_id = s.id);
-- step
-- The counter names the last row of the log; without any it stays at 0.
UPDATE supplier_revision
   SET at = COALESCE((SELECT c.at FROM supplier_changes c
                       ORDER BY c.revision DESC LIMIT 1), at),
       n = COALESCE((SELECT MAX(c.revision) FROM supplier_changes c), 0)
 WHERE one = 1;
-- step
COMMIT;
