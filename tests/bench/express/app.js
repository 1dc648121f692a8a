// The directory of suppliers as the application began: Express, a pool of
// mysql2 and Mustache. It lists every supplier, in no order, in one table.
"use strict";

const express = require("express");
const mustache = require("mustache-express");
const mysql = require("mysql2");
const path = require("path");

const pool = mysql.createPool({
  socketPath: process.env.APP_DB_SOCKET,
  user: process.env.APP_DB_USER,
  password: process.env.APP_DB_PASSWORD,
  database: process.env.APP_DB_NAME || "COFFEE",
});

const app = express();
app.engine("html", mustache());
app.set("view engine", "html");
app.set("views", path.join(__dirname, "views"));
app.use(express.urlencoded({ extended: false }));
app.use(express.json());

app.get("/", (req, res) => {
  res.render("home", {});
});

app.get("/suppliers", (req, res, next) => {
  pool.query("SELECT * FROM suppliers", (error, suppliers) => {
    if (error) return next(error);
    res.render("supplier-list-all", { suppliers });
  });
});

app.use((req, res) => {
  res.status(404).render("404", {});
});

app.use((error, req, res, next) => {
  console.error(error);
  res.status(500).render("500", {});
});

const server = app.listen(Number(process.env.APP_PORT), "127.0.0.1", () => {
  console.log("listening on " + server.address().port);
});
