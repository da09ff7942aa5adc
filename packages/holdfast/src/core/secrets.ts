/** What a session secret must be, before any key is made of it. */

const SEPARATOR = ',';
const MINIMUM_BYTES = 32;
// Low enough for 16 random bytes in hex, which are regular by chance and yet beyond guessing.
const MINIMUM_DISTINCT = 8;
const MINIMUM_BITS = 48;

/** Texts from tutorials, sample files and generators; whoever finds one of them in a source tree can sign tokens. */
const SAMPLES = [
  'changeme',
  'change_me',
  'change-me',
  'change this',
  'changethis',
  'replace',
  'your-secret',
  'your_secret',
  'yoursecret',
  'your secret',
  'keyboard cat',
  'keyboardcat',
  'supersecret',
  'super-secret',
  'super_secret',
  'secret-key',
  'secret_key',
  'secretkey',
  'my-secret',
  'mysecret',
  'password',
  'qwerty',
  '256-bit-secret',
  'session-secret',
  'session_secret',
  'sessionsecret',
  'jwt-secret',
  'jwt_secret',
  'verylongsecret',
  'very-long-secret',
  'topsecret',
  'top-secret',
  'example',
  'placeholder',
  'insecure',
  'not-so-secret',
  'todo',
  'default',
  'development',
  'complex_password_at_least_32_characters_long',
  '0123456789abcdef0123456789abcdef',
];

/** Splits the value of SESSION_SECRET: secrets separated by commas, newest first. Blanks around them do not count. */
export function parseSecrets(text: string): string[] {
  return text
    .split(SEPARATOR)
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
}

/** What is wrong with a secret, a sentence each that says what to do; empty when it is good. Never repeats the secret. */
export function secretProblems(secret: string): string[] {
  const problems: string[] = [];
  if (secret.includes(SEPARATOR)) {
    problems.push('the secret contains a comma, which separates secrets; give each as one of its own');
  }
  if (secret !== secret.trim()) {
    problems.push(
      'the secret begins or ends with blanks or a line break, which other ways of giving it drop; remove them',
    );
  }
  const bytes = new TextEncoder().encode(secret).length;
  if (bytes < MINIMUM_BYTES) {
    problems.push(
      `the secret has ${bytes} bytes and needs at least ${MINIMUM_BYTES}; make one with: holdfast keys generate`,
    );
  }
  const lower = secret.toLowerCase();
  // A random secret contains a short sample word by chance more often than anybody would like, so a sample has to make
  // up a good part of the text.
  if (SAMPLES.some((sample) => lower.includes(sample) && sample.length * 6 >= lower.length)) {
    problems.push('the secret contains a well-known sample text; make one with: holdfast keys generate');
  } else if (bytes >= MINIMUM_BYTES && isPredictable(secret)) {
    problems.push('the secret is too regular to be random; make one with: holdfast keys generate');
  }
  return problems;
}

/** Shannon entropy over the characters, after runs like `abcd` and `1111` and repeated halves were folded away. */
function isPredictable(secret: string): boolean {
  const folded = withoutRepetition(secret);
  let steps = '';
  for (let i = 1; i < folded.length; i++) {
    const step = folded.charCodeAt(i) - folded.charCodeAt(i - 1);
    if (step < -1 || step > 1) steps += folded.charAt(i);
  }
  const counts = new Map<string, number>();
  for (const character of steps) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(steps.length / count);
  return new Set(folded).size < MINIMUM_DISTINCT || bits < MINIMUM_BITS;
}

/** The shortest text whose repetition gives the secret. */
function withoutRepetition(secret: string): string {
  const period = `${secret}${secret}`.indexOf(secret, 1);
  return secret.length % period === 0 ? secret.slice(0, period) : secret;
}
