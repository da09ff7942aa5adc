/**
 * Fills a Redis with one-time sessions and says what each takes and costs there: `fill-tickets.ts <url> <tickets>`. Each may
 * be embedded by one origin; "touch" is the fetch of its page.
 */
import { generateSecret } from 'holdfast';
import { redisStore } from 'holdfast/stores/redis';
import { createTickets } from 'holdfast/tickets';
import { measurePhases } from './redis-phases.ts';

const [url = '', count = '0'] = process.argv.slice(2);
const store = await redisStore({ url, cache: false });
const policy = { maxTickets: 100_000_000, ttlSeconds: 86_400 };
const tickets = createTickets({ store, secrets: generateSecret(), policy, sweepSeconds: 0 });
const ids: string[] = [];

const phases = await measurePhases(Number(new URL(url).port), Number(count));
await phases.run('create', async (index) => {
  const made = await tickets.create({ origins: ['https://shop.example.com'] });
  if (made.status !== 'created') throw new Error(made.status);
  ids[index] = made.id;
});
await phases.run('touch', (index) => tickets.look(ids[index] ?? '', { opened: true }));
tickets.close();
await store.close();
