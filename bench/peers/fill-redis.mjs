/** Fills Redis through connect-redis with what a peer stores: `fill-redis.mjs <port> <peer> <sessions>`. */
import { randomBytes } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { userIdOf } from '../answer.ts';

const [port, peer, count] = process.argv.slice(2);
const client = createClient({ url: `redis://127.0.0.1:${port}` });
await client.connect();
const store = new RedisStore({ client, prefix: peer === 'express-session' ? 'sess:' : 'fastify:' });
const week = 7 * 24 * 3_600_000;
for (let from = 0; from < Number(count); from += 500) {
  await Promise.all(
    Array.from({ length: Math.min(500, Number(count) - from) }, (_, i) => {
      const cookie = {
        originalMaxAge: week,
        expires: new Date(Date.now() + week).toISOString(),
        httpOnly: true,
        path: '/',
      };
      // Both make ids of 24 bytes; each serialises a session as its cookie and the values.
      const more = peer === 'express-session' ? {} : { secure: false, sameSite: null, domain: null };
      const session = { cookie: { ...cookie, ...more }, userId: userIdOf(from + i) };
      return new Promise((resolve, reject) => {
        store.set(randomBytes(24).toString('base64url'), session, (error) => (error ? reject(error) : resolve()));
      });
    }),
  );
}
await client.close();
