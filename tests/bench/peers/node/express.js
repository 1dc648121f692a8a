// Express as its page "Production best practices: performance and
// reliability" has it: NODE_ENV=production (which caches views), one process
// for each core by the cluster module, and asynchronous functions alone. That
// page also says to cache the results of requests: with CACHE_MS, each process
// keeps a page that long, and makes it once for all who ask meanwhile.
"use strict";

const cluster = require("node:cluster");
const os = require("node:os");
const path = require("node:path");

const CACHE_MS = Number(process.env.CACHE_MS || 0);

function makeApp() {
  const express = require("express");
  const { digits, find, save } = require("./suppliers");
  const app = express();
  const cache = new Map();

  app.set("view engine", "ejs");
  app.set("views", path.join(__dirname, "views"));
  app.disable("x-powered-by");

  async function page(q) {
    const suppliers = await find(q);
    return new Promise((resolve, reject) =>
      app.render("list", { q, suppliers, digits }, (error, html) =>
        error ? reject(error) : resolve(html)));
  }

  function cached(q) {
    const found = cache.get(q);
    if (found && found.until > Date.now()) return found.html;
    const html = page(q);
    if (cache.size >= 1000) cache.clear();
    cache.set(q, { html, until: Date.now() + CACHE_MS });
    html.catch(() => cache.delete(q));
    return html;
  }

  app.get("/suppliers", async (req, res) => {
    const q = String(req.query.q ?? "");
    res.type("html").send(await (CACHE_MS ? cached(q) : page(q)));
  });

  app.post("/admin/supplier-update", express.urlencoded({ extended: false }),
    async (req, res) => {
      if (await save(req.body.id, req.body)) {
        res.redirect(303, "/admin/suppliers");
      } else {
        res.status(422).send("A supplier has a name.");
      }
    });
  return app;
}

if (cluster.isPrimary) {
  for (let i = 0; i < os.availableParallelism(); i++) cluster.fork();
} else {
  makeApp().listen(Number(process.env.APP_PORT), "127.0.0.1");
}
