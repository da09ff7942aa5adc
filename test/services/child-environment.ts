/** What a program that a test starts gets of this process's environment. */

/** Where programs are, and where Node keeps what it compiled; nothing else may decide how a test goes. */
export function childEnvironment(): Readonly<Record<string, string>> {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? { PATH } : { PATH, NODE_COMPILE_CACHE };
}
