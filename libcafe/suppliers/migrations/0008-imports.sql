-- Imports of files, and their rows as they were read and compared. All that
-- goes on is here, so that any task can go on where another has stopped.
CREATE TABLE IF NOT EXISTS supplier_imports (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  import_key CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  undo_key CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state ENUM('reading', 'preview', 'running', 'paused', 'cancelled', 'done',
             'undoing', 'undone', 'failed') NOT NULL,
  person VARCHAR(255) NULL,
  undone_by VARCHAR(255) NULL,
  file_name VARCHAR(255) NOT NULL,
  settings TEXT NOT NULL,
  header CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  clear_empty BOOLEAN NOT NULL,
  remove_missing BOOLEAN NOT NULL,
  problem VARCHAR(1000) NOT NULL DEFAULT '',
  revision BIGINT UNSIGNED NOT NULL DEFAULT 0,
  row_count INT UNSIGNED NOT NULL DEFAULT 0,
  task CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  lease_until DATETIME(6) NULL,
  created DATETIME(6) NOT NULL,
  changed DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_key (import_key),
  KEY by_header (header)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
-- The file, in parts that any max_allowed_packet takes, while it may have to be
-- read again.
CREATE TABLE IF NOT EXISTS supplier_import_files (
  import_id BIGINT UNSIGNED NOT NULL,
  part INT UNSIGNED NOT NULL,
  bytes LONGBLOB NOT NULL,
  PRIMARY KEY (import_id, part)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
-- What becomes of each row: todo is 1 while it waits to be written or undone,
-- supplier_id and base_revision are what it was compared with, applied is the
-- change that it has made.
CREATE TABLE IF NOT EXISTS supplier_import_rows (
  import_id BIGINT UNSIGNED NOT NULL,
  n INT UNSIGNED NOT NULL,
  line INT UNSIGNED NOT NULL,
  kind ENUM('new', 'changed', 'same', 'ambiguous', 'duplicate', 'faulty',
            'missing') NOT NULL,
  todo BOOLEAN NOT NULL,
  outcome ENUM('done', 'clash', 'refused', 'undone', 'kept') NULL,
  supplier_id INT NULL,
  base_revision BIGINT UNSIGNED NULL,
  applied BIGINT UNSIGNED NULL,
  given VARCHAR(1000) NOT NULL,
  place VARCHAR(255) NOT NULL,
  reason VARCHAR(1000) NOT NULL,
  candidates VARCHAR(255) NOT NULL,
  name LONGTEXT NOT NULL,
  address LONGTEXT NOT NULL,
  city LONGTEXT NOT NULL,
  state LONGTEXT NOT NULL,
  country LONGTEXT NOT NULL,
  email LONGTEXT NOT NULL,
  phone LONGTEXT NOT NULL,
  website LONGTEXT NOT NULL,
  notes LONGTEXT NOT NULL,
  PRIMARY KEY (import_id, n),
  KEY by_todo (import_id, todo, n),
  KEY by_kind (import_id, kind, n),
  KEY by_outcome (import_id, kind, outcome, todo)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
