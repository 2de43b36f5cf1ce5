// SPDX-License-Identifier: Apache-2.0
// The API of Chanuka: petitions in PostgreSQL. The database is what PGHOST, PGUSER and PGDATABASE
// say, and VERSION is the release that started this server.
import { createServer } from "node:http";
import pg from "pg";

const COLUMNS = ["title"];
const version = process.env.VERSION;
const database = new pg.Pool({ max: 4, connectionTimeoutMillis: 2000 });
// Without a listener, a connection that breaks while nobody uses it would end the process.
database.on("error", (error) => console.error(error.message));

async function list() {
  const { rows } = await database.query(
    `SELECT p.id, ${COLUMNS.map((name) => "p." + name)}, count(s.id)::integer AS signatures
       FROM petitions p LEFT JOIN signatures s ON s.petition = p.id GROUP BY p.id ORDER BY p.id DESC`);
  return rows;
}

async function add(petition) {
  if (typeof petition.title !== "string" || !petition.title.trim()) return [400, { error: "no title" }];
  const { rows } = await database.query(
    `INSERT INTO petitions (${COLUMNS}) VALUES (${COLUMNS.map((_, at) => `$${at + 1}`)}) RETURNING id`,
    COLUMNS.map((name) => petition[name]));
  return [201, rows[0]];
}

async function sign({ petition, name }) {
  if (typeof name !== "string" || !name.trim()) return [400, { error: "no name" }];
  const { rows } = await database.query(
    `INSERT INTO signatures (petition, name) SELECT id, $2 FROM petitions WHERE id = $1 RETURNING id`,
    [petition, name]);
  return rows.length ? [201, rows[0]] : [404, { error: "no such petition" }];
}

async function body(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) {
    text += part;
    if (text.length > 10000) throw new SyntaxError("too long");
  }
  return JSON.parse(text);
}

async function answer(request) {
  switch (`${request.method} ${request.url}`) {
    case "GET /healthz":
      return [200, { version, petitions: (await list()).length }];
    case "GET /api/about":
      return [200, { version }];
    case "GET /api/petitions":
      return [200, await list()];
    case "POST /api/petitions":
      return add(await body(request));
    case "POST /api/signatures":
      return sign(await body(request));
    default:
      return [404, { error: "no such page" }];
  }
}

const server = createServer(async (request, response) => {
  const [status, found] = await answer(request).catch((error) => {
    if (error instanceof SyntaxError) return [400, { error: "no JSON" }];
    console.error(error.message);
    // Only who runs the server learns why: nginx lets nobody else ask /healthz.
    return [500, { version, error: request.url === "/healthz" ? error.message : "try again later" }];
  });
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(found));
});
server.listen(3000);

// What has been asked is answered before the process ends; nothing new is taken.
process.once("SIGTERM", () => {
  server.close(() => database.end());
  server.closeIdleConnections();
});
