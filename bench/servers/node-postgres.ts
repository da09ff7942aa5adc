/** The floor of a remote database: node:http, and one row of PostgreSQL by the id in the cookie; nothing is checked. */
import { createServer } from 'node:http';
import { Pool } from 'pg';
import { listen, readUserId, sendAnswer } from './listen.ts';
import { newPlainId, plainCookies, plainIdOf } from './plain-cookie.ts';

const pool = new Pool({ connectionString: process.env.BENCH_POSTGRES, max: 10 });
await pool.query(
  'CREATE TABLE IF NOT EXISTS sessions (id text PRIMARY KEY, user_id text, expires_at bigint, data text)',
);

async function find(id: string): Promise<string | null> {
  const { rows } = await pool.query<{ user_id: string; expires_at: string }>({
    name: 'find',
    text: 'SELECT user_id, expires_at, data FROM sessions WHERE id = $1',
    values: [id],
  });
  const [row] = rows;
  return row !== undefined && Number(row.expires_at) > Date.now() ? row.user_id : null;
}

async function start(userId: string): Promise<string> {
  const id = newPlainId();
  await pool.query('INSERT INTO sessions VALUES ($1, $2, $3, $4)', [id, userId, Date.now() + 3_600_000, '{}']);
  return id;
}

listen(
  createServer((request, response) => {
    if (request.method === 'POST') {
      void readUserId(request)
        .then(start)
        .then((id) => response.setHeader('set-cookie', plainCookies(id)).end());
      return;
    }
    void find(plainIdOf(request)).then((userId) => {
      if (userId === null) response.writeHead(401).end();
      else sendAnswer(response, userId);
    });
  }),
  () => pool.end(),
);
