-- What the daemons may do, table by table. Run after the migrations.
GRANT SELECT ON COFFEE.suppliers TO customer@'%';
GRANT SELECT ON COFFEE.supplier_revision TO customer@'%';
GRANT SELECT (revision, supplier_id, action, at) ON COFFEE.supplier_changes
  TO customer@'%';
GRANT SELECT ON COFFEE.cafe_migrations TO customer@'%';

GRANT SELECT, INSERT, UPDATE, DELETE ON COFFEE.suppliers TO employee@'%';
GRANT SELECT ON COFFEE.supplier_revision TO employee@'%';
GRANT SELECT ON COFFEE.supplier_changes TO employee@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON COFFEE.supplier_form_keys
  TO employee@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON COFFEE.supplier_imports
  TO employee@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON COFFEE.supplier_import_files
  TO employee@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON COFFEE.supplier_import_rows
  TO employee@'%';
GRANT SELECT, INSERT, UPDATE ON COFFEE.supplier_change_groups TO employee@'%';
GRANT SELECT ON COFFEE.cafe_migrations TO employee@'%';
-- A key is added and removed with the account that migrates.
GRANT SELECT, UPDATE (last_used) ON COFFEE.cafe_keys TO employee@'%';

-- Whether the triggers are there, which these accounts may not see themselves.
GRANT EXECUTE ON FUNCTION COFFEE.supplier_triggers TO customer@'%';
GRANT EXECUTE ON FUNCTION COFFEE.supplier_triggers TO employee@'%';
