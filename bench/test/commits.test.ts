/** Writes as SQLite itself counts them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { sqliteCommits } from '../measure/sqlite-commits.ts';

for (const mode of ['WAL', 'DELETE']) {
  test(`committed transactions are counted from outside with journal_mode ${mode}, and reads are not`, (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, 'test.db');
    const db = new DatabaseSync(file);
    t.after(() => db.close());
    db.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE t (n INTEGER)`);
    const before = sqliteCommits(file);
    for (let n = 0; n < 7; n++) db.prepare('INSERT INTO t VALUES (?)').run(n);
    db.exec('BEGIN; INSERT INTO t VALUES (8); INSERT INTO t VALUES (9); COMMIT');
    db.prepare('SELECT count(*) FROM t').get();
    assert.equal(sqliteCommits(file) - before, 8);
  });
}
