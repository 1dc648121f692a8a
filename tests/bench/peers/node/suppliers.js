// What both apps ask the database, through a pool of mysql2.
"use strict";

const mysql = require("mysql2/promise");

const FIELDS = "id, name, address, city, state, country, email, phone";
const LIST = `SELECT ${FIELDS} FROM suppliers ORDER BY name LIMIT 50`;
const ALL = "CONCAT_WS(' ', name, address, city, state, country, email, " +
  "phone, notes)";
const SAVED = ["name", "address", "city", "state", "country", "email", "phone",
  "notes"];
const SAVE = `UPDATE suppliers SET ${SAVED.map((f) => `${f} = ?`).join(", ")}` +
  " WHERE id = ?";

const pool = mysql.createPool({
  socketPath: process.env.APP_DB_SOCKET,
  user: process.env.APP_DB_USER,
  password: process.env.APP_DB_PASSWORD,
  database: "COFFEE",
  connectionLimit: 10,
});

// Each word is somewhere in a supplier. execute() prepares a statement once
// for each connection: mysql2's page "Prepared Statements".
async function find(q) {
  const words = q.split(/\s+/).filter(Boolean).slice(0, 8);
  if (words.length === 0) return (await pool.execute(LIST))[0];
  const sql = `SELECT ${FIELDS} FROM suppliers WHERE ` +
    words.map(() => `${ALL} LIKE ?`).join(" AND ") +
    " ORDER BY name LIMIT 50";
  const patterns = words.map((w) => `%${w.replace(/[\\%_]/g, "\\$&")}%`);
  return (await pool.execute(sql, patterns))[0];
}

async function save(id, form) {
  const values = SAVED.map((field) => String(form[field] ?? "").trim());
  if (values[0] === "") return false;
  await pool.execute(SAVE, [...values, id]);
  return true;
}

const digits = (phone) => phone.replace(/[^+0-9]/g, "");

module.exports = { digits, find, save };
