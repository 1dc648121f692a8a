-- Invisible and with defaults: SELECT * and INSERT without a list of columns
-- see the table as it was.
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
             AND COLUMN_NAME = 'country'),
  'DO 0',
  'ALTER TABLE suppliers
     ADD COLUMN country VARCHAR(255) NOT NULL DEFAULT '''' INVISIBLE');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
-- Markdown, at most 16 KiB.
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
             AND COLUMN_NAME = 'notes'),
  'DO 0',
  'ALTER TABLE suppliers
     ADD COLUMN notes TEXT NOT NULL DEFAULT ('''') INVISIBLE');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
DEALLOCATE PREPARE cafe_step;
