/** Every setting of the service in one schema: it validates the environment, prints `--help` and the reference page. */
import { type Static, Type } from 'typebox';
import { BOOLEAN, DURATION, type Setting, setting } from './setting.ts';
import { STORAGE_SETTINGS } from './storage-settings.ts';

/** The environment as the service reads it. Any name with `_FILE` appended reads the value from that file. */
export const Environment = Type.Object({
  NODE_ENV: Type.Optional(
    setting(
      {
        description: 'The profile: development is for one machine, production for everything else.',
        unit: 'development | production',
        default: 'development on loopback, production as soon as HOST or PUBLIC_URL says so',
        advice: 'Set it to production wherever people other than you sign in.',
        fix: 'write development or production',
      },
      '^(development|production|test)$',
    ),
  ),
  PUBLIC_URL: Type.Optional(
    setting(
      {
        description: 'The address under which browsers reach the service.',
        unit: 'URL without a path',
        default: 'http://localhost:PORT in development; required in production',
        advice: 'Links and redirects are built from it, never from the Host header. An https address means production.',
        fix: 'write the origin alone, such as https://auth.example.com',
      },
      '^https?://[^/?#@\\s]+/?$',
    ),
  ),
  HOST: Type.Optional(
    setting(
      {
        description: 'The address the service listens on.',
        unit: 'IP address or host name',
        default: '127.0.0.1',
        advice: 'Use 0.0.0.0 in a container. Anything but loopback means production.',
        fix: 'write an address such as 127.0.0.1 or 0.0.0.0',
      },
      '^[A-Za-z0-9.:_-]+$',
    ),
  ),
  PORT: Type.Optional(
    setting(
      {
        description: 'The port the service listens on.',
        unit: 'number from 0 to 65535',
        default: '3000',
        advice: '0 takes any free port and says which; handy in tests.',
        fix: 'write a number from 0 to 65535',
      },
      '^[0-9]{1,5}$',
    ),
  ),
  DATA_DIR: Type.Optional(
    setting({
      description:
        'Where accounts, sessions and (in development) the key live, as far as no database was named for them.',
      unit: 'directory',
      default: './data',
      advice:
        'Keep it on a local disk that survives a new release. It is made with mode 0700 when it is missing. In production with DATABASE_URL it is not used.',
      fix: 'write the path of a directory',
    }),
  ),
  ALLOWED_HOSTS: Type.Optional(
    setting(
      {
        description: 'Host names that requests may be addressed to; everything else is answered 400.',
        unit: 'list separated by commas',
        default: 'localhost, 127.0.0.1 and [::1] in development; required in production',
        advice:
          'Write what browsers and proxies send as Host. A name without a port matches every port. Health checks are exempt.',
        fix: 'write host names without scheme or path, such as auth.example.com',
      },
      '^\\s*[A-Za-z0-9._:\\[\\]-]+\\s*(,\\s*[A-Za-z0-9._:\\[\\]-]+\\s*)*,?\\s*$',
    ),
  ),
  ALLOWED_ORIGINS: Type.Optional(
    setting(
      {
        description: 'Other origins whose pages may use the service with cookies.',
        unit: 'list separated by commas',
        default: 'none: only the service’s own pages',
        advice: 'Each exactly as the browser sends it in Origin. There is no wildcard, on purpose.',
        fix: 'write origins without a path, such as https://app.example.com',
      },
      '^\\s*https?://[^/,?#@\\s]+\\s*(,\\s*https?://[^/,?#@\\s]+\\s*)*,?\\s*$',
    ),
  ),
  TRUSTED_PROXIES: Type.Optional(
    setting({
      description: 'Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.',
      unit: 'list of addresses or CIDR ranges, or loopback, linklocal, uniquelocal',
      default: 'none: forwarded headers are ignored',
      advice: 'Name your own proxies and nothing wider: whoever is in here can choose the address that is throttled.',
      fix: 'write addresses or ranges, such as 10.0.0.0/8, loopback',
    }),
  ),
  SESSION_SECRET: Type.Optional(
    setting({
      description: 'The key ring: one or more secrets, the newest first. The first signs, all verify.',
      unit: 'list separated by commas, each of at least 32 bytes',
      default: 'made once in DATA_DIR in development; required in production',
      advice:
        'Make one with: holdfast keys generate. To change it without signing anybody out, put the new one before the old one, and drop the old one when holdfast keys status says so.',
      fix: 'make one with: holdfast keys generate',
      secret: true,
    }),
  ),
  ...STORAGE_SETTINGS,
  COOKIE_NAME: Type.Optional(
    setting(
      {
        description: 'The middle of the cookie names: __Host-NAME_access and __Host-NAME_refresh.',
        unit: 'text',
        default: 'session',
        advice: 'Changing it signs everybody out once, because the old cookies are no longer looked at.',
        fix: 'use up to 40 letters, digits, - and _',
      },
      '^[A-Za-z0-9_-]{1,40}$',
    ),
  ),
  COOKIE_DOMAIN: Type.Optional(
    setting(
      {
        description: 'Shares the cookies with every host below this domain.',
        unit: 'domain',
        default: 'none: the cookies belong to this host alone',
        advice: 'Leave it out unless sibling hosts need the cookies: each of them can then overwrite them.',
        fix: 'write a domain such as example.com, without scheme, port or leading dot',
      },
      '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$',
    ),
  ),
  SESSION_IDLE: Type.Optional(
    setting(
      {
        description: 'How long a session lives unused.',
        unit: 'duration: seconds, or with s, m, h, d',
        default: '7d',
        advice: 'Shorter is safer on shared machines, longer saves people a sign-in after their holidays.',
        fix: 'write a duration such as 7d, 12h, 30m or a number of seconds',
      },
      DURATION,
    ),
  ),
  SESSION_ABSOLUTE: Type.Optional(
    setting(
      {
        description: 'How long a session lives however busy it is.',
        unit: 'duration: seconds, or with s, m, h, d; at most 400d',
        default: '30d',
        advice: 'At least as long as SESSION_IDLE. Browsers keep no cookie for more than 400 days.',
        fix: 'write a duration such as 30d, 12h or a number of seconds',
      },
      DURATION,
    ),
  ),
  MAX_SESSIONS: Type.Optional(
    setting(
      {
        description: 'How many one-time sessions may wait to be used at a time.',
        unit: 'number from 1 to 100000000',
        default: '1000',
        advice:
          'A used or expired one makes room for another. Beyond it creating one is answered 429, and none gives way. Sessions of signed-in people do not count.',
        fix: 'write a number from 1 to 100000000',
      },
      '^[0-9]{1,9}$',
    ),
  ),
  LOG_LEVEL: Type.Optional(
    setting(
      {
        description: 'How much is logged.',
        unit: 'fatal | error | warn | info | debug | trace | silent',
        default: 'info',
        advice: 'Logs are JSON lines on standard output and hold no token, password or e-mail address at any level.',
        fix: 'write fatal, error, warn, info, debug, trace or silent',
      },
      '^(fatal|error|warn|info|debug|trace|silent)$',
    ),
  ),
  DEBUG: Type.Optional(
    setting(
      {
        description: 'Logs every request while developing.',
        unit: 'true | false',
        default: 'false',
        advice: 'Production refuses to start with it.',
        fix: 'write true or false',
      },
      BOOLEAN,
    ),
  ),
});

/** The texts as they were set; what is absent was not set. */
export type EnvironmentText = Static<typeof Environment>;

/** The name of a setting. */
export type SettingName = keyof EnvironmentText;

/** The notes of every setting, in the order of the reference page. */
export const SETTINGS: readonly (readonly [SettingName, Setting])[] = Object.entries(Environment.properties) as [
  SettingName,
  Setting,
][];
