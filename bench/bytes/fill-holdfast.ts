/** Fills a session file through the library: `fill-holdfast.ts <directory> <sessions>`. Two sessions for each person. */
import { createSessions, generateSecret } from 'holdfast';
import { sqliteStore } from 'holdfast/stores/sqlite';
import { userIdOf } from '../answer.ts';

const [directory = '', count = '0'] = process.argv.slice(2);
const sessions = createSessions({ store: sqliteStore({ directory }), secrets: generateSecret() });
const device = {
  ip: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
};
for (let i = 0; i < Number(count); i++) {
  const outcome = await sessions.start({ userId: userIdOf(i >> 1), device });
  if (outcome.status !== 'started') throw new Error(outcome.status);
}
// Closing works the log into the file.
await sessions.close();
