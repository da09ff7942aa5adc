/** The floor of an embedded store: node:http, and one row of SQLite by the id in the cookie; nothing is checked. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DIRECTORY, listen, readUserId, sendAnswer } from './listen.ts';
import { newPlainId, plainCookies, plainIdOf } from './plain-cookie.ts';

const db = new DatabaseSync(join(DIRECTORY, 'floor.db'));
db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, user_id TEXT, created_at INTEGER, expires_at INTEGER, data TEXT) WITHOUT ROWID`);
const insert = db.prepare('INSERT INTO sessions VALUES (?, ?, ?, ?, ?)');
const select = db.prepare('SELECT user_id, created_at, expires_at, data FROM sessions WHERE id = ?');

listen(
  createServer((request, response) => {
    if (request.method === 'POST') {
      void readUserId(request).then((userId) => {
        const id = newPlainId();
        insert.run(id, userId, Date.now(), Date.now() + 3_600_000, '{}');
        response.setHeader('set-cookie', plainCookies(id));
        response.end();
      });
      return;
    }
    const row = select.get(plainIdOf(request)) as { user_id: string; expires_at: number } | undefined;
    if (row !== undefined && row.expires_at > Date.now()) sendAnswer(response, row.user_id);
    else response.writeHead(401).end();
  }),
  () => db.close(),
);
