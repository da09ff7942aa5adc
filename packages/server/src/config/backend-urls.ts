/** Where Redis and PostgreSQL are: one URL each, from a URL or from its parts, and what is wrong with them. */
import type { Config, ConfigProblem } from './config.ts';
import type { EnvironmentText, SettingName } from './environment.ts';

/** What the settings come to. */
export type BackendUrls = Pick<Config, 'redisUrl' | 'redisSetting' | 'databaseUrl' | 'databaseSetting'>;

const REDIS_PARTS = ['REDIS_PORT', 'REDIS_DB', 'REDIS_USERNAME', 'REDIS_PASSWORD'] as const;
const DATABASE_PARTS = ['DB_PORT', 'DB_NAME', 'DB_USER', 'DB_PASSWORD'] as const;
const MAX_PORT = 65_535;

/** The URL as it was set, or put together from its parts. */
export function backendUrls(texts: EnvironmentText): BackendUrls {
  return {
    redisUrl: texts.REDIS_URL ?? redisFromParts(texts),
    redisSetting: texts.REDIS_URL === undefined && texts.REDIS_HOST !== undefined ? 'REDIS_HOST' : 'REDIS_URL',
    databaseUrl: texts.DATABASE_URL ?? databaseFromParts(texts),
    databaseSetting: texts.DATABASE_URL === undefined && texts.DB_HOST !== undefined ? 'DB_HOST' : 'DATABASE_URL',
  };
}

/** What is set twice, by half, or without effect. `isSet` also knows the settings that are wrong in themselves. */
export function backendProblems(
  texts: EnvironmentText,
  config: Config,
  isSet: (name: SettingName) => boolean,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const add = (name: SettingName, message: string, fix: string) => problems.push({ name, message, fix });
  const forms = [
    { url: 'REDIS_URL', host: 'REDIS_HOST', parts: REDIS_PARTS, needed: [] },
    { url: 'DATABASE_URL', host: 'DB_HOST', parts: DATABASE_PARTS, needed: ['DB_NAME', 'DB_USER'] },
  ] as const;
  for (const { url, host, parts, needed } of forms) {
    const given = [host, ...parts].filter(isSet);
    if (isSet(url) && given.length > 0) {
      add(url, `both ${url} and ${given.join(', ')} are set`, `keep ${url}, or ${host} and what goes with it`);
    } else if (given.length > 0 && !isSet(host)) {
      add(host, `it is missing, and ${given.join(', ')} mean nothing without it`, `set ${host}, or remove the others`);
    }
    if (!isSet(url) && isSet(host)) {
      for (const name of needed.filter((part) => !isSet(part))) {
        add(name, `it is missing beside ${host}`, `set ${name}, or write ${url} in place of the parts`);
      }
    }
  }
  for (const name of ['REDIS_PORT', 'DB_PORT'] as const) {
    const port = Number(texts[name] ?? '1');
    if (port < 1 || port > MAX_PORT) add(name, `${port} is not a port`, 'write a number from 1 to 65535');
  }
  if (!isSet('REDIS_URL') && isSet('REDIS_USERNAME') && !isSet('REDIS_PASSWORD')) {
    add('REDIS_PASSWORD', 'it is missing beside REDIS_USERNAME', 'set it, or remove REDIS_USERNAME');
  }
  problems.push(...pointless(config, isSet));
  return problems;
}

/** Settings that would have no effect: whoever sets one relies on something that is not there. */
function pointless(config: Config, isSet: (name: SettingName) => boolean): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const add = (name: SettingName, message: string, fix: string) => problems.push({ name, message, fix });
  const redis = isSet('REDIS_URL') || isSet('REDIS_HOST');
  const database = isSet('DATABASE_URL') || isSet('DB_HOST');
  if (isSet('DATABASE_LISTEN_URL') && !isSet('DATABASE_URL')) {
    add('DATABASE_LISTEN_URL', 'it is set without DATABASE_URL', 'set DATABASE_URL too, or remove it');
  }
  if (config.redisWaitReplicas > 0 && !redis) {
    add('REDIS_WAIT_REPLICAS', 'it is set without Redis', 'set REDIS_URL, or remove it');
  }
  if (config.redisWaitReplicas > 0 && redis && database) {
    const message = 'PostgreSQL keeps what a failover of Redis could lose, so there is nothing to wait for';
    add('REDIS_WAIT_REPLICAS', message, 'remove it');
  }
  if (config.redisCa !== null && isSet('REDIS_HOST')) {
    add('REDIS_CA', 'REDIS_HOST is asked without TLS', 'write REDIS_URL=rediss://… in place of the parts');
  } else if (config.redisCa !== null && !config.redisUrl?.startsWith('rediss') && !isSet('REDIS_HOST')) {
    add('REDIS_CA', 'it is set without a REDIS_URL that begins with rediss', 'write rediss in place of redis');
  }
  if (config.staleIfErrorSeconds > 0) {
    if (!redis && !database) {
      const message = 'it is set without Redis and PostgreSQL; sessions in a file are not cached';
      add('SESSION_STALE_IF_ERROR', message, 'remove it');
    } else if (config.sessionCache === 0) {
      add('SESSION_STALE_IF_ERROR', 'nothing is kept in memory with SESSION_CACHE=0', 'remove one of the two');
    }
  }
  return problems;
}

function redisFromParts(texts: EnvironmentText): string | null {
  const { REDIS_HOST: host, REDIS_PORT: port = '6379', REDIS_DB: database = '0' } = texts;
  if (host === undefined) return null;
  const { REDIS_USERNAME: user = '', REDIS_PASSWORD: password } = texts;
  const credentials = password === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return `redis://${credentials}${bracketed(host)}:${port}/${database}`;
}

function databaseFromParts(texts: EnvironmentText): string | null {
  const { DB_HOST: host, DB_PORT: port = '5432', DB_NAME: name = '', DB_USER: user = '' } = texts;
  if (host === undefined) return null;
  const password = texts.DB_PASSWORD === undefined ? '' : `:${encodeURIComponent(texts.DB_PASSWORD)}`;
  const credentials = `${encodeURIComponent(user)}${password}@`;
  const path = encodeURIComponent(name);
  if (!host.startsWith('/')) return `postgres://${credentials}${bracketed(host)}:${port}/${path}`;
  return `postgres://${credentials}localhost:${port}/${path}?host=${encodeURIComponent(host)}`;
}

/** An IPv6 address in a URL stands in brackets. */
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
