/** Reads the Worker's variables and secrets into the edge's options, and collects what cannot be read. */
import type { EdgeOptions, Upstream } from 'holdfast/edge';

/** Variables and secrets, as `wrangler.jsonc` explains them. A table may also come as JSON text, a number as text. */
export interface Env {
  readonly ROUTES?: Readonly<Record<string, Upstream | string>> | string;
  readonly ALLOWED_ORIGINS?: string;
  readonly COOKIE_DOMAINS?: Readonly<Record<string, string | null>> | string;
  readonly COOKIE_PATHS?: Readonly<Record<string, string>> | string;
  readonly TIMEOUT_SECONDS?: number | string;
  readonly RETRIES?: number | string;
  readonly SHED_PATHS?: string;
  readonly COOKIE_NAME?: string;
  readonly EDGE_SECRET?: string;
  readonly SESSION_SECRET?: string;
}

/** Option of the edge → the variable that it comes from. */
const VARIABLES: Readonly<Record<string, keyof Env>> = {
  routes: 'ROUTES',
  'cors.origins': 'ALLOWED_ORIGINS',
  'cookies.domains': 'COOKIE_DOMAINS',
  'cookies.paths': 'COOKIE_PATHS',
  timeoutSeconds: 'TIMEOUT_SECONDS',
  retries: 'RETRIES',
  edgeSecret: 'EDGE_SECRET',
  'accessCheck.secrets': 'SESSION_SECRET',
  'accessCheck.cookieName': 'COOKIE_NAME',
  'accessCheck.shed': 'SHED_PATHS',
};

/** The options, and a sentence for each variable that says nothing usable. */
export interface Settings {
  readonly options: EdgeOptions;
  readonly problems: string[];
}

export function readSettings(env: Env): Settings {
  const problems: string[] = [];
  const table = <T>(name: keyof Env, value: Readonly<Record<string, T>> | string | undefined): Record<string, T> => {
    try {
      const read: unknown = typeof value === 'string' && value !== '' ? JSON.parse(value) : value || {};
      if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, T>;
    } catch {
      // Told below, as for JSON that is no table.
    }
    problems.push(`${name}: must be a table such as {"/": "https://auth.internal.example.com"}`);
    return {};
  };
  const number = (name: keyof Env, value: number | string | undefined): number | undefined => {
    if (value === undefined || value === '') return undefined;
    if (Number.isFinite(Number(value))) return Number(value);
    problems.push(`${name}: must be a number`);
    return undefined;
  };

  const origins = list(env.ALLOWED_ORIGINS);
  const shed = list(env.SHED_PATHS);
  const timeoutSeconds = number('TIMEOUT_SECONDS', env.TIMEOUT_SECONDS);
  const retries = number('RETRIES', env.RETRIES);
  if (shed.length > 0 && !env.SESSION_SECRET) problems.push('SHED_PATHS: set SESSION_SECRET as well');
  const options: EdgeOptions = {
    routes: table('ROUTES', env.ROUTES),
    cookies: { domains: table('COOKIE_DOMAINS', env.COOKIE_DOMAINS), paths: table('COOKIE_PATHS', env.COOKIE_PATHS) },
    ...(origins.length > 0 && { cors: { origins } }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(retries !== undefined && { retries }),
    ...(env.EDGE_SECRET && { edgeSecret: env.EDGE_SECRET }),
    ...(env.SESSION_SECRET && {
      accessCheck: { secrets: env.SESSION_SECRET, shed, ...(env.COOKIE_NAME && { cookieName: env.COOKIE_NAME }) },
    }),
  };
  return { options, problems };
}

/** What the edge says about its options, in the names of the variables; without those that are told of already. */
export function inVariables(message: string, told: readonly string[]): string[] {
  const sentences = message.split('\n').slice(1);
  const named = sentences.map((sentence) => sentence.replace(/^[\w.]+/, (option) => VARIABLES[option] ?? option));
  return named.filter((sentence) => !told.some((problem) => problem.split(':')[0] === sentence.split(':')[0]));
}

function list(text = ''): string[] {
  return text.split(',').flatMap((item) => item.trim() || []);
}
