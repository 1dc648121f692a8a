-- The database and its three accounts. Run as the server's administrator
-- before the migrations; @customer, @employee and @migrate are the passwords.
CREATE DATABASE IF NOT EXISTS COFFEE CHARACTER SET utf8mb4;

EXECUTE IMMEDIATE CONCAT('CREATE OR REPLACE USER customer@''%'' IDENTIFIED BY ',
                         QUOTE(@customer));
EXECUTE IMMEDIATE CONCAT('CREATE OR REPLACE USER employee@''%'' IDENTIFIED BY ',
                         QUOTE(@employee));
EXECUTE IMMEDIATE CONCAT('CREATE OR REPLACE USER migrate@''%'' IDENTIFIED BY ',
                         QUOTE(@migrate));

GRANT ALL ON COFFEE.* TO migrate@'%';
