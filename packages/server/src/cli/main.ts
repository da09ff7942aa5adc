#!/usr/bin/env node
/** The command `holdfast`. */
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ConfigError } from '../config/config.ts';
import { configHelp, configMarkdown } from '../config/reference.ts';
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys.ts';
import { backup } from './backup.ts';
import { generateKey, keysStatus } from './keys.ts';
import { reportProblems } from './load.ts';
import { migrateStore } from './migrate-store.ts';
import { complain, EXIT, say } from './output.ts';
import { restore } from './restore.ts';
import { serve, serveAsWorker } from './serve.ts';
import { STORE_HELP } from './store-url.ts';

const MAX_WORKERS = 64;

/** Runs the command line; answers the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  let status: number = EXIT.ok;
  const program = new Command('holdfast')
    .description('Keeps people signed in: the auth service and its keys.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(holdfast --help lists the commands)');
  program
    .command('serve')
    .description('start the service')
    .option('--workers <n>', 'processes that share the port', readWorkers, 1)
    .option('--accept-sign-out', 'start although the keys sign people out', false)
    .addHelpText('after', `\n${configHelp()}`)
    .action(async (options: { workers: number; acceptSignOut: boolean }) => {
      status = await serve(options);
    });
  const keys = program.command('keys').description('make keys and see which are in use');
  keys
    .command('generate')
    .description('print a new secret for SESSION_SECRET')
    .action(() => {
      status = generateKey();
    });
  keys
    .command('status')
    .description('which keys live sessions depend on, and which can go')
    .action(async () => {
      status = await keysStatus();
    });
  const apiKeys = program.command('api-keys').description('keys for back ends that make one-time sessions');
  apiKeys
    .command('create')
    .description('make a key and print it, once')
    .requiredOption('--name <name>', 'what to call it in lists')
    .requiredOption('--origin <origin>', 'whose pages may embed, such as https://shop.example; may be repeated', append)
    .action(async (options: { name: string; origin: readonly string[] }) => {
      status = await createApiKey(options);
    });
  apiKeys
    .command('list')
    .description('all keys, without their secrets')
    .action(async () => {
      status = await listApiKeys();
    });
  apiKeys
    .command('revoke')
    .description('make a key useless for good')
    .argument('<id>', 'as the list shows it')
    .action(async (id: string) => {
      status = await revokeApiKey(id);
    });
  program
    .command('migrate-store')
    .description('move the sessions to another store while people stay signed in')
    .option('--from <store>', 'where they are')
    .option('--to <store>', 'where they shall be')
    .option('--follow', 'go on copying what people do, until Ctrl-C', false)
    .option('--resume <file>', 'go on where an earlier run was')
    .option('--dry-run', 'say what would be done', false)
    .addHelpText('after', `\n${STORE_HELP}`)
    .action(async (options: Parameters<typeof migrateStore>[0]) => {
      status = await migrateStore(options);
    });
  program
    .command('backup')
    .description('write the sessions into a file, encrypted with BACKUP_KEY')
    .requiredOption('--to <file>', 'the file')
    .option('--from <store>', 'where the sessions are')
    .option('--force', 'replace the file', false)
    .addHelpText('after', `\n${STORE_HELP}`)
    .action(async (options: Parameters<typeof backup>[0]) => {
      status = await backup(options);
    });
  program
    .command('restore')
    .description('bring the sessions of a backup back')
    .requiredOption('--from <file>', 'the file')
    .option('--to <store>', 'where the sessions shall be')
    .option('--accept-old', 'although people who signed out since then are signed in again', false)
    .addHelpText('after', `\n${STORE_HELP}`)
    .action(async (options: Parameters<typeof restore>[0]) => {
      status = await restore(options);
    });
  program
    .command('config')
    .description('explain every setting')
    .option('--markdown', 'as the reference page', false)
    .action(({ markdown }: { markdown: boolean }) => say(markdown ? configMarkdown().trimEnd() : configHelp()));

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof ConfigError) return reportProblems(error.problems);
    throw error;
  }
}

function readWorkers(text: string): number {
  const workers = Number(text);
  if (/^[0-9]+$/.test(text) && workers >= 1 && workers <= MAX_WORKERS) return workers;
  throw new InvalidArgumentError(`write a number from 1 to ${MAX_WORKERS}`);
}

function append(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') return 'the port is taken by another process; set PORT to another one';
  if (code === 'EACCES') return 'this process may not listen on that port; set PORT to one above 1023';
  return error.message;
}

try {
  process.exitCode = await (cluster.isWorker ? serveAsWorker() : main(process.argv.slice(2)));
} catch (error) {
  complain(`holdfast: ${explain(error)}`);
  process.exitCode = EXIT.failure;
}
// Nothing keeps a finished command waiting, such as a worker's channel to the first process.
process.exit();
