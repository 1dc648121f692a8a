-- Invisible and with a default, as the columns before: daemons of the version
-- before and other programs see the table as it was. The log's has a default
-- for the triggers before, which don't name it.
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
             AND COLUMN_NAME = 'website'),
  'DO 0',
  'ALTER TABLE suppliers
     ADD COLUMN website VARCHAR(500) NOT NULL DEFAULT '''' INVISIBLE');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'supplier_changes'
             AND COLUMN_NAME = 'website'),
  'DO 0',
  'ALTER TABLE supplier_changes
     ADD COLUMN website LONGTEXT NOT NULL DEFAULT ('''')');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
DEALLOCATE PREPARE cafe_step;
