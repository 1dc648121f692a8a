-- Changes that belong together: an import, its undoing, a batch. A row is a
-- stretch of the log; one that others have written into has several. leads
-- marks the first stretch of a group, where the history has its entry, and
-- entries_before counts the history's entries before the stretch, so that any
-- page is found without counting.
CREATE TABLE IF NOT EXISTS supplier_change_groups (
  first_revision BIGINT UNSIGNED NOT NULL,
  last_revision BIGINT UNSIGNED NOT NULL,
  form_key CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  leads BOOLEAN NOT NULL,
  entries_before BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (first_revision),
  KEY by_key (form_key, first_revision),
  KEY by_place (entries_before, first_revision)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
-- step
-- Of a log that has been lost, and begins again.
DELETE FROM supplier_change_groups
 WHERE last_revision > (SELECT n FROM supplier_revision WHERE one = 1);
