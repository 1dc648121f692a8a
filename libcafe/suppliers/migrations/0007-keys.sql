-- Keys of programs. A key itself is nowhere; its SHA-256 finds it.
CREATE TABLE IF NOT EXISTS cafe_keys (
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  digest BINARY(32) NOT NULL,
  may ENUM('read', 'write') NOT NULL,
  created DATETIME NOT NULL,
  last_used DATE NULL,
  expires DATETIME NULL,
  PRIMARY KEY (name),
  UNIQUE KEY by_digest (digest)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
