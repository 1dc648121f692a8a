-- Since when a supplier no longer supplies, a date as a text, and why. Customers
-- are shown those whose date is empty. Otherwise as 0006-website.sql.
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
             AND COLUMN_NAME = 'ended_on'),
  'DO 0',
  'ALTER TABLE suppliers
     ADD COLUMN ended_on VARCHAR(40) NOT NULL DEFAULT '''' INVISIBLE');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
             AND COLUMN_NAME = 'ended_reason'),
  'DO 0',
  'ALTER TABLE suppliers
     ADD COLUMN ended_reason VARCHAR(255) NOT NULL DEFAULT '''' INVISIBLE');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'supplier_changes'
             AND COLUMN_NAME = 'ended_on'),
  'DO 0',
  'ALTER TABLE supplier_changes
     ADD COLUMN ended_on LONGTEXT NOT NULL DEFAULT ('''')');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'supplier_changes'
             AND COLUMN_NAME = 'ended_reason'),
  'DO 0',
  'ALTER TABLE supplier_changes
     ADD COLUMN ended_reason LONGTEXT NOT NULL DEFAULT ('''')');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'supplier_import_rows'
             AND COLUMN_NAME = 'ended_on'),
  'DO 0',
  'ALTER TABLE supplier_import_rows
     ADD COLUMN ended_on LONGTEXT NOT NULL DEFAULT ('''')');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'supplier_import_rows'
             AND COLUMN_NAME = 'ended_reason'),
  'DO 0',
  'ALTER TABLE supplier_import_rows
     ADD COLUMN ended_reason LONGTEXT NOT NULL DEFAULT ('''')');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
DEALLOCATE PREPARE cafe_step;
