-- The database and its three accounts on RDS; @customer, @employee and @migrate
-- are the passwords. May be run again while the daemons serve: accounts that
-- are there keep their grants and get today's password. ALL can't be granted
-- here, because the administrator of RDS does not have all himself.
CREATE DATABASE IF NOT EXISTS COFFEE CHARACTER SET utf8mb4;

CREATE USER IF NOT EXISTS customer@'%', employee@'%', migrate@'%';

EXECUTE IMMEDIATE CONCAT('ALTER USER customer@''%'' IDENTIFIED BY ',
                         QUOTE(@customer));
EXECUTE IMMEDIATE CONCAT('ALTER USER employee@''%'' IDENTIFIED BY ',
                         QUOTE(@employee));
EXECUTE IMMEDIATE CONCAT('ALTER USER migrate@''%'' IDENTIFIED BY ',
                         QUOTE(@migrate));

GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES,
  TRIGGER, CREATE ROUTINE, ALTER ROUTINE, EXECUTE ON COFFEE.* TO migrate@'%';
