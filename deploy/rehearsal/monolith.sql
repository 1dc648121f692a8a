-- The database as the original application leaves it: its table, with rows
-- that a café chain has entered, one of them escaped as that application
-- does. Migrating adopts the table in place. Names and numbers are made up.
CREATE DATABASE IF NOT EXISTS COFFEE;
USE COFFEE;

CREATE TABLE suppliers (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  address VARCHAR(255) NOT NULL,
  city VARCHAR(255) NOT NULL,
  state VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL,
  phone VARCHAR(100) NOT NULL
);

INSERT INTO suppliers (name, address, city, state, email, phone) VALUES
  ('Old Harbor Roasters', '12 Wharf Street', 'Portland', 'Maine',
   'orders@oldharbor.example', '2075550142'),
  ('Blue Ridge Beans', '400 Mill Road', 'Asheville', 'North Carolina',
   'hello@blueridge.example', '+18285550117'),
  ('Tia Rosa&#x27;s Coffee &amp; Cocoa', '77 Mission Street',
   'San Francisco', 'California', 'rosa@tiarosa.example', '4155550163');
