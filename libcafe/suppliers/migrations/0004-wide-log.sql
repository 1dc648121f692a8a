-- The log holds whatever an adopted table can: texts of any length, any id,
-- written by an account with the longest of names.
-- Otherwise a trigger would refuse what the table's owner writes. All of this
-- is also run ahead of the other migrations, so that the log is this wide
-- before there is a trigger that writes to it.
CREATE TABLE IF NOT EXISTS supplier_revision (
  one TINYINT NOT NULL,
  n BIGINT UNSIGNED NOT NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
CREATE TABLE IF NOT EXISTS supplier_changes (
  revision BIGINT UNSIGNED NOT NULL,
  supplier_id BIGINT NOT NULL,
  action ENUM('adopt', 'add', 'update', 'remove', 'restore') NOT NULL,
  name LONGTEXT NOT NULL,
  address LONGTEXT NOT NULL,
  city LONGTEXT NOT NULL,
  state LONGTEXT NOT NULL,
  country LONGTEXT NOT NULL,
  email LONGTEXT NOT NULL,
  phone LONGTEXT NOT NULL,
  notes LONGTEXT NOT NULL,
  actor VARCHAR(255) NULL,
  writer VARCHAR(512) NOT NULL,
  form_key CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (revision),
  KEY by_supplier (supplier_id, revision)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
CREATE TABLE IF NOT EXISTS supplier_form_keys (
  form_key CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  digest BINARY(32) NOT NULL,
  supplier_id BIGINT NULL,
  revision BIGINT UNSIGNED NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (form_key),
  KEY by_time (at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
-- Ids above the half of an unsigned BIGINT are not for this program to use,
-- but for the table's owner.
SET @cafe_id = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
             AND COLUMN_NAME = 'id' AND DATA_TYPE = 'bigint'
             AND COLUMN_TYPE LIKE '%unsigned%'),
  'BIGINT UNSIGNED', 'BIGINT');
-- step
-- The log as it was first made.
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'supplier_changes'
             AND (COLUMN_NAME = 'supplier_id'
                  AND (DATA_TYPE <> 'bigint'
                       OR @cafe_id = 'BIGINT UNSIGNED'
                          AND COLUMN_TYPE NOT LIKE '%unsigned%')
                  OR COLUMN_NAME = 'writer' AND CHARACTER_MAXIMUM_LENGTH < 512
                  OR COLUMN_NAME IN ('name', 'address', 'city', 'state',
                                     'country', 'email', 'phone', 'notes')
                     AND DATA_TYPE <> 'longtext')),
  CONCAT('ALTER TABLE supplier_changes
     MODIFY supplier_id ', @cafe_id, ' NOT NULL,
     MODIFY name LONGTEXT NOT NULL,
     MODIFY address LONGTEXT NOT NULL,
     MODIFY city LONGTEXT NOT NULL,
     MODIFY state LONGTEXT NOT NULL,
     MODIFY country LONGTEXT NOT NULL,
     MODIFY email LONGTEXT NOT NULL,
     MODIFY phone LONGTEXT NOT NULL,
     MODIFY notes LONGTEXT NOT NULL,
     MODIFY writer VARCHAR(512) NOT NULL'),
  'DO 0');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'supplier_form_keys'
             AND COLUMN_NAME = 'supplier_id' AND DATA_TYPE <> 'bigint'),
  'ALTER TABLE supplier_form_keys MODIFY supplier_id BIGINT NULL',
  'DO 0');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
DEALLOCATE PREPARE cafe_step;
-- step
-- A counter that was lost, or is behind the log, goes on where the log ends:
-- the next number has to be a new one.
INSERT IGNORE INTO supplier_revision (one, n, at)
VALUES (1, 0, UTC_TIMESTAMP(6));
-- step
UPDATE supplier_revision
   SET at = (SELECT c.at FROM supplier_changes c
              ORDER BY c.revision DESC LIMIT 1),
       n = (SELECT MAX(c.revision) FROM supplier_changes c)
 WHERE one = 1 AND n < (SELECT COALESCE(MAX(c.revision), 0)
                          FROM supplier_changes c);
