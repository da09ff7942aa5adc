/** Better Auth with e-mail and password on SQLite, as its documentation sets it up. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';

const auth = betterAuth({
  baseURL: 'https://app.example.test',
  trustedOrigins: [`http://localhost:${process.env.PORT}`],
  database: new DatabaseSync(join(process.env.DATA_DIR, 'better-auth.db')),
  emailAndPassword: { enabled: true },
  // On in production; it would answer the drills with 429 after three sign-ins.
  rateLimit: { enabled: false },
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const handle = toNodeHandler(auth);
createServer((request, response) => {
  if (request.url === '/ready') response.end('ready');
  else handle(request, response);
}).listen(Number(process.env.PORT), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
