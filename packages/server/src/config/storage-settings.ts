/** The settings of Redis and PostgreSQL, and of what is kept in memory of them. */
import { Type } from 'typebox';
import { BOOLEAN, DURATION_OR_NONE, HOST_NAME, PORT_NUMBER, setting } from './setting.ts';

/** In the order of the reference page. */
export const STORAGE_SETTINGS = {
  DATABASE_URL: Type.Optional(
    setting(
      {
        description: 'PostgreSQL: keeps the accounts, and the sessions too.',
        unit: 'URL: postgres://user:password@host:5432/database',
        default: 'none: accounts are in a file in DATA_DIR',
        advice:
          'For several hosts. Our tables are in a schema of their own, holdfast. With REDIS_URL too, Redis is in front of it for the sessions and can be emptied or lost without signing anybody out. TLS: add ?sslmode=verify-full, and &sslrootcert=FILE for an authority of your own. Percent-encode special characters in names and passwords.',
        fix: 'write it as postgres://user:password@host:5432/database',
        secret: true,
      },
      '^postgres(ql)?://[^\\s]+$',
    ),
  ),
  DATABASE_LISTEN_URL: Type.Optional(
    setting(
      {
        description: 'A way to the same database past a pooler, for being told of changes (LISTEN).',
        unit: 'URL like DATABASE_URL',
        default: 'DATABASE_URL',
        advice:
          'Set it when DATABASE_URL leads to PgBouncer in transaction mode, which delivers no notifications: without them sessions are not cached, and every request asks the database.',
        fix: 'write it as postgres://user:password@host:5432/database',
        secret: true,
      },
      '^postgres(ql)?://[^\\s]+$',
    ),
  ),
  DB_HOST: Type.Optional(
    setting(
      {
        description: 'The host of PostgreSQL, in place of DATABASE_URL; DB_NAME and DB_USER go with it.',
        unit: 'host name, address, or the directory of a Unix socket',
        default: 'none',
        advice: 'Handy where the parts come from different places. TLS and everything else need DATABASE_URL.',
        fix: 'write the host alone, such as db.internal, and the port in DB_PORT',
      },
      '^(/[^\\s?#]*|[^\\s/?#@\\\\]+)$',
    ),
  ),
  DB_PORT: Type.Optional(
    setting(
      {
        description: 'The port of PostgreSQL.',
        unit: 'number from 1 to 65535',
        default: '5432',
        advice: 'Goes with DB_HOST.',
        fix: 'write a number from 1 to 65535',
      },
      PORT_NUMBER,
    ),
  ),
  DB_NAME: Type.Optional(
    setting({
      description: 'The name of the database.',
      unit: 'text',
      default: 'none',
      advice: 'Goes with DB_HOST.',
      fix: 'write the name of a database that exists',
    }),
  ),
  DB_USER: Type.Optional(
    setting({
      description: 'The user of the database.',
      unit: 'text',
      default: 'none',
      advice: 'Goes with DB_HOST. It needs the right to create the schema holdfast, or to create tables in it.',
      fix: 'write the name of a user of the database',
    }),
  ),
  DB_PASSWORD: Type.Optional(
    setting({
      description: 'The password of DB_USER.',
      unit: 'text, as it is',
      default: 'none',
      advice: 'Best kept in a file: DB_PASSWORD_FILE.',
      fix: 'write the password of DB_USER',
      secret: true,
    }),
  ),
  REDIS_URL: Type.Optional(
    setting(
      {
        description: 'Redis 7.0 or newer, or Valkey: keeps the sessions, or a copy of them in front of DATABASE_URL.',
        unit: 'URL: redis://user:password@host:6379/0, or rediss, redis-sentinel, rediss-sentinel, redis-cluster, rediss-cluster, redis+unix',
        default: 'none: sessions are in DATABASE_URL, or in a file in DATA_DIR',
        advice:
          'Sentinel: redis-sentinel://user:password@host1:26379,host2:26379/primary-name/0. Cluster: redis-cluster://user:password@host1:7000,host2:7001. TLS: rediss in place of redis. Needs maxmemory-policy noeviction. Percent-encode special characters in names and passwords.',
        fix: 'write it as redis://user:password@host:6379/0',
        secret: true,
      },
      '^(rediss?(-sentinel|-cluster)?|redis\\+unix)://[^\\s]+$',
    ),
  ),
  REDIS_HOST: Type.Optional(
    setting(
      {
        description: 'The host of Redis, in place of REDIS_URL.',
        unit: 'host name or address',
        default: 'none',
        advice: 'Handy where the parts come from different places. TLS, Sentinel and Cluster need REDIS_URL.',
        fix: 'write the host alone, such as redis.internal, and the port in REDIS_PORT',
      },
      HOST_NAME,
    ),
  ),
  REDIS_PORT: Type.Optional(
    setting(
      {
        description: 'The port of Redis.',
        unit: 'number from 1 to 65535',
        default: '6379',
        advice: 'Goes with REDIS_HOST.',
        fix: 'write a number from 1 to 65535',
      },
      PORT_NUMBER,
    ),
  ),
  REDIS_DB: Type.Optional(
    setting(
      {
        description: 'The number of the database in Redis.',
        unit: 'number from 0',
        default: '0',
        advice: 'Goes with REDIS_HOST. A database that nothing else flushes.',
        fix: 'write a number such as 0',
      },
      '^[0-9]{1,6}$',
    ),
  ),
  REDIS_USERNAME: Type.Optional(
    setting({
      description: 'The user in Redis (ACL).',
      unit: 'text',
      default: 'default',
      advice:
        'Goes with REDIS_HOST and REDIS_PASSWORD. It needs the keys holdfast:*, auth_session:* and auth_stats, and the commands that a start checks.',
      fix: 'write the name of a user of Redis',
    }),
  ),
  REDIS_PASSWORD: Type.Optional(
    setting({
      description: 'The password for Redis.',
      unit: 'text, as it is',
      default: 'none',
      advice: 'Goes with REDIS_HOST. Best kept in a file: REDIS_PASSWORD_FILE.',
      fix: 'write the password for Redis',
      secret: true,
    }),
  ),
  REDIS_CA: Type.Optional(
    setting(
      {
        description: 'The authority that signed the certificate of Redis.',
        unit: 'PEM text',
        default: 'the authorities that Node knows',
        advice: 'Usually as a file: REDIS_CA_FILE. Goes with a REDIS_URL that begins with rediss.',
        fix: 'write a certificate that begins with -----BEGIN CERTIFICATE-----, or name its file in REDIS_CA_FILE',
      },
      '^-----BEGIN CERTIFICATE-----',
    ),
  ),
  REDIS_WAIT_REPLICAS: Type.Optional(
    setting(
      {
        description: 'How many replicas of Redis must have a sign-in or sign-out before it is answered.',
        unit: 'number from 0 to 10',
        default: '0',
        advice:
          'Redis replicates after it has answered, so a failover can undo the last moment, a sign-out too. With 1 it is answered after half a second at most, or with 503. With DATABASE_URL it is not needed.',
        fix: 'write a number from 0 to 10',
      },
      '^([0-9]|10)$',
    ),
  ),
  SESSION_CACHE: Type.Optional(
    setting(
      {
        description:
          'How many sessions each process keeps in memory, kept true by Redis or PostgreSQL telling of changes.',
        unit: 'number; 0 is none',
        default: '20000',
        advice: 'About 1 KB each. A session ended anywhere is refused by all processes within milliseconds.',
        fix: 'write 0, or a number from 2 to 10000000',
      },
      '^[0-9]{1,8}$',
    ),
  ),
  SESSION_STALE_IF_ERROR: Type.Optional(
    setting(
      {
        description: 'For how long people whose session is in memory are still let in while the store does not answer.',
        unit: 'duration: seconds, or with s, m; at most 5m',
        default: '0: never, they are answered 503',
        advice:
          'A session that was ended meanwhile is let in for that long too, so choose it only where an answer matters more. Whatever changes something is answered 503 all the same.',
        fix: 'write 0, or a duration up to 5m such as 30s',
      },
      DURATION_OR_NONE,
    ),
  ),
  ALLOW_UNSAFE_STORE: Type.Optional(
    setting(
      {
        description:
          'Starts in production although the checks of Redis or PostgreSQL found that sessions will be lost.',
        unit: 'true | false',
        default: 'false',
        advice: 'Unsafe: with an evicting policy, for example, people are signed out whenever memory runs short.',
        fix: 'write true or false',
      },
      BOOLEAN,
    ),
  ),
} as const;
