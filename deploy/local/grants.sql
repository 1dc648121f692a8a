-- What the daemons may do, table by table. Run after the migrations.
GRANT SELECT ON COFFEE.suppliers TO customer@'%';
GRANT SELECT ON COFFEE.cafe_migrations TO customer@'%';

GRANT SELECT, INSERT, UPDATE, DELETE ON COFFEE.suppliers TO employee@'%';
GRANT SELECT ON COFFEE.cafe_migrations TO employee@'%';
