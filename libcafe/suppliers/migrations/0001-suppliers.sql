-- The table of suppliers as the first application made it. Where it is there
-- already it is adopted with its rows.
CREATE TABLE IF NOT EXISTS suppliers (
  id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(255) NOT NULL,
  address VARCHAR(255) NOT NULL,
  city VARCHAR(255) NOT NULL,
  state VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL,
  phone VARCHAR(100) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
-- Transactions need InnoDB; a table that has it is not built anew.
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.TABLES
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
             AND ENGINE <> 'InnoDB'),
  'ALTER TABLE suppliers ENGINE=InnoDB',
  'DO 0');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
-- Names come from all over the world: every column has to hold all of Unicode.
SET @cafe_sql = IF(
  EXISTS (SELECT 1 FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
             AND CHARACTER_SET_NAME <> 'utf8mb4')
  OR EXISTS (SELECT 1 FROM information_schema.TABLES
              WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'
                AND TABLE_COLLATION NOT LIKE 'utf8mb4%'),
  'ALTER TABLE suppliers CONVERT TO CHARACTER SET utf8mb4',
  'DO 0');
-- step
PREPARE cafe_step FROM @cafe_sql;
-- step
EXECUTE cafe_step;
-- step
DEALLOCATE PREPARE cafe_step;
