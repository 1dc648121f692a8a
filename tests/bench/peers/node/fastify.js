// Fastify as its page "Recommendations" has it: one process with its pool, in
// front of which a load balancer would share requests among several; no log of
// requests; NODE_ENV=production, with which @fastify/view caches templates.
"use strict";

const path = require("node:path");
const fastify = require("fastify");
const { digits, find } = require("./suppliers");

const app = fastify({ logger: false });

app.register(require("@fastify/view"), {
  engine: { ejs: require("ejs") },
  root: path.join(__dirname, "views"),
  production: true,
});

app.get("/suppliers", async (req, reply) => {
  const q = String(req.query.q ?? "");
  const suppliers = await find(q);
  return reply.viewAsync("list.ejs", { q, suppliers, digits });
});

app.listen({ port: Number(process.env.APP_PORT), host: "127.0.0.1" });
