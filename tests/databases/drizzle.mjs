// SPDX-License-Identifier: Apache-2.0
// node drizzle.mjs MAJOR DIALECT WHERE FOLDER: lets drizzle-orm migrate a database as its users do.

import fs from 'node:fs';

const [major, dialect, where, migrationsFolder] = process.argv.slice(2);
const orm = `drizzle-orm-${major}`;

if (dialect === 'postgresql') {
  const { default: pg } = await import('pg');
  const { drizzle } = await import(`${orm}/node-postgres`);
  const { migrate } = await import(`${orm}/node-postgres/migrator`);
  const place = new URL(where);
  const client = new pg.Client({
    host: place.searchParams.get('host'),
    user: place.searchParams.get('user'),
    database: place.pathname.slice(1),
  });
  await client.connect();
  await migrate(major === '1' ? drizzle({ client }) : drizzle(client), { migrationsFolder });
  await client.end();
} else {
  // SQLite as WebAssembly: it works on a copy in memory, which is written back.
  const { default: initSqlJs } = await import('sql.js');
  const { drizzle } = await import(`${orm}/sql-js`);
  const { migrate } = await import(`${orm}/sql-js/migrator`);
  const sqlite = await initSqlJs();
  const database = new sqlite.Database(fs.existsSync(where) ? fs.readFileSync(where) : undefined);
  await migrate(drizzle(database), { migrationsFolder });
  fs.writeFileSync(where, database.export());
}
