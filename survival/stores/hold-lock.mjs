/**
 * Another process that has the SQLite files locked (`BEGIN EXCLUSIVE`): all the time, or with a second argument in turns of
 * so many milliseconds. Ends, and lets go, when its standard input does.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';

const [paths = '', turnMs] = process.argv.slice(2);
const files = paths.split(',').map((path) => new DatabaseSync(path, { timeout: 5000 }));
let ended = false;
process.stdin.on('end', () => {
  ended = true;
  if (turnMs === undefined) process.exit();
});
process.stdin.resume();

const all = (sql) => {
  for (const file of files) file.exec(sql);
};
all('BEGIN EXCLUSIVE');
process.stdout.write('held\n');
while (turnMs !== undefined && !ended) {
  await pause(Number(turnMs));
  all('ROLLBACK');
  await pause(Number(turnMs) / 4);
  all('BEGIN EXCLUSIVE');
}
