/**
 * Fills a Redis through the library's store and says what each session takes and costs there:
 * `fill-redis-store.ts <url> <sessions> [device]`. One session for each person, without a device and data, or with both.
 */
import { randomUUID } from 'node:crypto';
import { createSessions, generateSecret } from 'holdfast';
import { redisStore } from 'holdfast/stores/redis';
import { measurePhases } from './redis-phases.ts';

const DAY = 24 * 60 * 60 * 1000;

const [url = '', count = '0', shape = 'lean'] = process.argv.slice(2);
const store = await redisStore({ url, cache: false });
const sessions = createSessions({ store, secrets: generateSecret() });
const extras = {
  device: {
    ip: '203.0.113.7',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  },
  data: { cart: 'x'.repeat(90) },
};
const ids: string[] = [];

const phases = await measurePhases(Number(new URL(url).port), Number(count));
await phases.run('create', async (index) => {
  const outcome = await sessions.start({ userId: randomUUID(), ...(shape === 'device' ? extras : {}) });
  if (outcome.status !== 'started') throw new Error(outcome.status);
  ids[index] = outcome.session.id;
});
await phases.run('read', (index) => store.read(ids[index] ?? ''));
const later = Date.now() + DAY;
await phases.run('touch', (index) => store.touch(ids[index] ?? '', later, later + 7 * DAY));
await sessions.close();
