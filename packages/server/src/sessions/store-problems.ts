/** Puts what a session store says of its setup into the words of the settings. */
import { HoldfastError, type StoreFinding, StoreUnreachableError } from 'holdfast';
import { type Config, ConfigError, type ConfigProblem } from '../config/config.ts';

/** The setting that names a backend. */
export type StoreSetting = 'DATA_DIR' | Config['redisSetting'] | Config['databaseSetting'];

/** How the library calls what the service calls otherwise. */
const OUR_WORDS: readonly (readonly [RegExp, string])[] = [
  [/give it with tls\.ca/, 'name its file in REDIS_CA_FILE'],
  [/\blistenUrl\b/g, 'DATABASE_LISTEN_URL'],
  [/\b(in|into|from|out of|correct|with) the URL\b/g, '$1 the setting'],
  [/^url: /, ''],
];

/** What stops a start: the sentence of a store that could not be opened. Anything but a HoldfastError is thrown on. */
export function toStoreProblem(setting: StoreSetting, error: unknown): readonly ConfigProblem[] {
  if (error instanceof ConfigError) return error.problems;
  if (!(error instanceof HoldfastError)) throw error;
  if (error.code === 'invalid-option') return error.message.split('\n').map((line) => toProblem(setting, line));
  return [toProblem(setting, error.message)];
}

/** Whether a backend was silent, so that the same start may succeed later. */
export function isSilent(error: unknown): boolean {
  return error instanceof StoreUnreachableError;
}

/** A finding of the store's own checks. */
export function findingProblem(
  setting: StoreSetting,
  { message, fix }: StoreFinding,
  production: boolean,
): ConfigProblem {
  const words = inOurWords(fix);
  return {
    name: setting,
    message: inOurWords(message),
    fix: production ? `${words}; or start with ALLOW_UNSAFE_STORE=true and lose sessions` : words,
  };
}

/** The fix alone, for a warning. */
export function inOurWords(text: string): string {
  return OUR_WORDS.reduce((said, [words, ours]) => said.replace(words, ours), text);
}

/** The library's sentences are "what is wrong: what to do". */
function toProblem(name: StoreSetting, sentence: string): ConfigProblem {
  const said = inOurWords(sentence);
  const colon = said.lastIndexOf(': ');
  if (colon === -1) return { name, message: said, fix: `correct ${name}` };
  return { name, message: said.slice(0, colon), fix: said.slice(colon + 2) };
}
