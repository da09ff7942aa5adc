/** From texts to the configuration in force: the schema first, then what only the whole can tell. All problems at once. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseSecrets, secretProblems } from 'holdfast';
import { Value } from 'typebox/value';
import { backendProblems, backendUrls } from './backend-urls.ts';
import { type Config, ConfigError, type ConfigProblem, type LogLevel } from './config.ts';
import { Environment, type EnvironmentText, SETTINGS, type SettingName } from './environment.ts';
import { readEnvironment } from './read-environment.ts';
import { isLoopback, readDurationSeconds, readList, readYes } from './read-values.ts';

/** A configuration and what a person should know of it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

const MAX_ABSOLUTE_SECONDS = 400 * 86_400;
const MAX_STALE_SECONDS = 300;
const DEFAULT_CACHE = 20_000;
const MAX_CACHE = 10_000_000;
const DEFAULT_TICKETS = 1000;
const MAX_TICKETS = 100_000_000;
const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];
const DEVELOPMENT_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** A configuration that may not be fit to start with. */
export interface JudgedConfig extends LoadedConfig {
  /** Every problem with its fix. Where a setting cannot be used, the configuration holds its default. */
  readonly problems: readonly ConfigProblem[];
}

type Names = Readonly<Record<string, string | undefined>>;

/** Reads and checks everything. Throws `ConfigError` with every problem and its fix. */
export function loadConfig(environment: Names, directory: string): LoadedConfig {
  const { config, warnings, problems } = judgeConfig(environment, directory);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, warnings };
}

/** The same, with the problems as a value: for whoever looks for more of them before telling. */
export function judgeConfig(environment: Names, directory: string): JudgedConfig {
  const reading = readEnvironment(environment, directory);
  const problems = [...reading.problems, ...shapeProblems(reading.texts)];
  const wrong = new Set(problems.map((problem) => problem.name));
  // A setting that is already reported is left out below, so that it is not reported twice.
  const texts: EnvironmentText = Object.fromEntries(Object.entries(reading.texts).filter(([name]) => !wrong.has(name)));
  const config = toConfig(texts, directory);
  const isSet = (name: SettingName): boolean => reading.texts[name] !== undefined || wrong.has(`${name}_FILE`);
  const whole = [...wholeProblems(config, texts), ...backendProblems(texts, config, isSet)];
  problems.push(...whole.filter((problem) => !wrong.has(problem.name)));
  if (problems.length > 0) problems.push(...reading.warnings.map(asProblem));
  return { config, warnings: [...reading.warnings, ...storageWarnings(config)], problems };
}

function storageWarnings(config: Config): string[] {
  if (config.profile !== 'production' || config.redisUrl === null || config.databaseUrl !== null) return [];
  return [
    `accounts are in a file in ${config.dataDir}, so only processes of this host can serve; set DATABASE_URL for several`,
  ];
}

function shapeProblems(texts: EnvironmentText): ConfigProblem[] {
  const names = new Set(Value.Errors(Environment, texts).map((error) => error.instancePath.slice(1)));
  return SETTINGS.filter(([name]) => names.has(name)).map(([name, notes]) => ({
    name,
    message: notes.secret === true ? 'the value cannot be used' : `${JSON.stringify(texts[name])} cannot be used`,
    fix: notes.fix,
  }));
}

function toConfig(texts: EnvironmentText, directory: string): Config {
  const host = texts.HOST ?? '127.0.0.1';
  const publicUrl = texts.PUBLIC_URL?.replace(/\/$/, '').toLowerCase() ?? null;
  const production =
    texts.NODE_ENV === 'production' || !isLoopback(host) || (publicUrl?.startsWith('https://') ?? false);
  const hosts = texts.ALLOWED_HOSTS === undefined ? [] : readList(texts.ALLOWED_HOSTS.toLowerCase());
  const debug = readYes(texts.DEBUG ?? 'false');
  return {
    profile: production ? 'production' : 'development',
    publicUrl,
    host,
    port: Number(texts.PORT ?? '3000'),
    dataDir: resolve(directory, texts.DATA_DIR ?? 'data'),
    allowedHosts: hosts.length === 0 && !production ? DEVELOPMENT_HOSTS : hosts,
    allowedOrigins: readList((texts.ALLOWED_ORIGINS ?? '').toLowerCase()),
    trustedProxies: readList(texts.TRUSTED_PROXIES ?? ''),
    secrets: parseSecrets(texts.SESSION_SECRET ?? ''),
    cookieName: texts.COOKIE_NAME ?? 'session',
    cookieDomain: texts.COOKIE_DOMAIN?.toLowerCase() ?? null,
    idleSeconds: readDurationSeconds(texts.SESSION_IDLE ?? '7d') ?? 0,
    absoluteSeconds: readDurationSeconds(texts.SESSION_ABSOLUTE ?? '30d') ?? 0,
    ...backendUrls(texts),
    redisCa: texts.REDIS_CA ?? null,
    redisWaitReplicas: Number(texts.REDIS_WAIT_REPLICAS ?? '0'),
    databaseListenUrl: texts.DATABASE_LISTEN_URL ?? null,
    sessionCache: Number(texts.SESSION_CACHE ?? DEFAULT_CACHE),
    staleIfErrorSeconds: readDurationSeconds(texts.SESSION_STALE_IF_ERROR ?? '0') ?? 0,
    maxSessions: Number(texts.MAX_SESSIONS ?? DEFAULT_TICKETS),
    allowUnsafeStore: readYes(texts.ALLOW_UNSAFE_STORE ?? 'false'),
    logLevel: (texts.LOG_LEVEL ?? (debug ? 'debug' : 'info')) as LogLevel,
    debug,
  };
}

function wholeProblems(config: Config, texts: EnvironmentText): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const add = (name: SettingName, message: string, fix: string) => problems.push({ name, message, fix });
  if (config.port > 65_535) add('PORT', `${config.port} is not a port`, 'write a number from 0 to 65535');
  if (texts.SESSION_ABSOLUTE !== undefined && config.absoluteSeconds > MAX_ABSOLUTE_SECONDS) {
    add('SESSION_ABSOLUTE', 'it is longer than browsers keep a cookie', 'write at most 400d');
  }
  if (config.idleSeconds > config.absoluteSeconds) {
    add('SESSION_IDLE', 'it is longer than SESSION_ABSOLUTE', 'shorten it, or lengthen SESSION_ABSOLUTE');
  }
  if (config.staleIfErrorSeconds > MAX_STALE_SECONDS) {
    add('SESSION_STALE_IF_ERROR', 'nobody should be let in unasked for that long', 'write at most 5m');
  }
  if (config.sessionCache === 1 || config.sessionCache > MAX_CACHE) {
    add('SESSION_CACHE', `${config.sessionCache} cannot be used`, 'write 0, or a number from 2 to 10000000');
  }
  if (config.maxSessions < 1 || config.maxSessions > MAX_TICKETS) {
    add('MAX_SESSIONS', `${config.maxSessions} cannot be used`, 'write a number from 1 to 100000000');
  }
  for (const origin of config.allowedOrigins) {
    if (originOf(origin) !== origin) {
      add(
        'ALLOWED_ORIGINS',
        `${origin} is not an origin as browsers send it`,
        `write ${originOf(origin) ?? 'https://app.example.com'}`,
      );
    }
  }
  const foreign = config.allowedOrigins.filter((origin) => !isLoopback(hostOf(origin)));
  if (config.profile === 'development' && foreign.length > 0) {
    add(
      'ALLOWED_ORIGINS',
      `${foreign.join(', ')} cannot send the cookies of development, which are for plain http on this machine`,
      'use an origin on localhost, or NODE_ENV=production with https',
    );
  }
  for (const proxy of config.trustedProxies) {
    if (!isAddressRange(proxy)) {
      add('TRUSTED_PROXIES', `${proxy} is neither an address nor a range`, 'write for example 10.0.0.0/8 or loopback');
    }
  }
  problems.push(...secretsProblems(config), ...publicProblems(config));
  if (config.profile === 'production') problems.push(...productionProblems(config));
  return problems;
}

function secretsProblems(config: Config): ConfigProblem[] {
  const problems = config.secrets.flatMap((secret, index) =>
    secretProblems(secret).map((message) => ({
      name: 'SESSION_SECRET',
      message: config.secrets.length > 1 ? `secret ${index + 1} of ${config.secrets.length}: ${message}` : message,
      fix: 'SESSION_SECRET=<output of: holdfast keys generate>',
    })),
  );
  if (new Set(config.secrets).size < config.secrets.length) {
    problems.push({ name: 'SESSION_SECRET', message: 'it holds the same secret twice', fix: 'remove the copy' });
  }
  return problems;
}

function publicProblems(config: Config): ConfigProblem[] {
  if (config.publicUrl === null) return [];
  const origin = originOf(config.publicUrl);
  if (origin === null || origin !== config.publicUrl) {
    const fix = `write ${origin ?? 'https://auth.example.com'}`;
    return [{ name: 'PUBLIC_URL', message: `${config.publicUrl} is not an origin as browsers send it`, fix }];
  }
  const host = new URL(origin).hostname;
  const domain = config.cookieDomain;
  if (domain === null || host === domain || host.endsWith(`.${domain}`)) return [];
  return [
    {
      name: 'COOKIE_DOMAIN',
      message: `${host} of PUBLIC_URL is not within ${domain}, so browsers would drop the cookies`,
      fix: 'write a parent domain of the PUBLIC_URL, or leave it out',
    },
  ];
}

function productionProblems(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const add = (name: SettingName, message: string, fix: string) => problems.push({ name, message, fix });
  if (config.secrets.length === 0) {
    add(
      'SESSION_SECRET',
      'production needs a key and none is set',
      'SESSION_SECRET=<output of: holdfast keys generate>',
    );
  }
  if (config.publicUrl === null) {
    add('PUBLIC_URL', 'production needs the address browsers use', 'PUBLIC_URL=https://auth.example.com');
  } else if (!config.publicUrl.startsWith('https://') && !isLoopback(hostOf(config.publicUrl))) {
    add('PUBLIC_URL', 'production is served over https', `PUBLIC_URL=${config.publicUrl.replace(/^http:/, 'https:')}`);
  }
  if (config.allowedHosts.length === 0) {
    const host = config.publicUrl === null ? 'auth.example.com' : hostOf(config.publicUrl);
    add('ALLOWED_HOSTS', 'production needs the host names it answers to', `ALLOWED_HOSTS=${host}`);
  }
  if (config.debug) add('DEBUG', 'production does not start with it', 'remove DEBUG, or set NODE_ENV=development');
  return problems;
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

function isAddressRange(text: string): boolean {
  if (NAMED_RANGES.includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function asProblem(warning: string): ConfigProblem {
  return { name: 'environment', message: warning, fix: 'rename or remove it' };
}
