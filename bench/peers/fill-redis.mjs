/**
 * Fills Redis with what others store and says what each session takes and costs there:
 * `fill-redis.mjs <url> <sessions> <kind>`, where the kind is express-session or fastify-session (through connect-redis)
 * or auth-session, a plain JSON value with a lifetime under a key with a UUID.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { userIdOf } from '../answer.ts';
import { measurePhases } from '../bytes/redis-phases.ts';

const WEEK = 7 * 24 * 3_600_000;
const [url, count, kind] = process.argv.slice(2);
const client = createClient({ url });
await client.connect();

/** Both make ids of 24 bytes; each serialises a session as its cookie and the values. */
function throughConnectRedis(prefix, more) {
  const store = new RedisStore({ client, prefix });
  const sessionOf = (index) => ({
    cookie: {
      originalMaxAge: WEEK,
      expires: new Date(Date.now() + WEEK).toISOString(),
      httpOnly: true,
      path: '/',
      ...more,
    },
    userId: userIdOf(index),
  });
  return {
    newId: () => randomBytes(24).toString('base64url'),
    create: (id, index) => store.set(id, sessionOf(index)),
    read: (id) => store.get(id),
    touch: (id, index) => store.touch(id, sessionOf(index)),
  };
}

const plain = {
  newId: randomUUID,
  create: (id, index) => {
    const session = {
      user_id: userIdOf(index),
      created_at: new Date().toISOString(),
      last_accessed: new Date().toISOString(),
      expires_at: new Date(Date.now() + WEEK).toISOString(),
    };
    return client.set(`auth_session:${id}`, JSON.stringify(session), { PX: WEEK });
  },
  read: (id) => client.get(`auth_session:${id}`),
  touch: (id) => client.pExpire(`auth_session:${id}`, WEEK),
};

const kinds = {
  'express-session': () => throughConnectRedis('sess:', {}),
  'fastify-session': () => throughConnectRedis('sess:', { secure: false, sameSite: null, domain: null }),
  'auth-session': () => plain,
};
const { newId, create, read, touch } = kinds[kind]();
const ids = Array.from({ length: Number(count) }, newId);
const phases = await measurePhases(Number(new URL(url).port), ids.length);
await phases.run('create', (index) => create(ids[index], index));
await phases.run('read', (index) => read(ids[index]));
await phases.run('touch', (index) => touch(ids[index], index));
client.destroy();
