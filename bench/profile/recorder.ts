/**
 * Loaded before a server under test (`--import`): records where its time goes from one SIGUSR2 to the next, and writes the
 * profile to the file that BENCH_PROFILE names. Nothing runs until the first signal.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const INTERVAL_MICROSECONDS = 200;
const file = process.env.BENCH_PROFILE ?? '';
let session: Session | null = null;

async function begin(): Promise<void> {
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS });
  await session.post('Profiler.start');
  appear({});
}

async function end(recorded: Session): Promise<void> {
  const { profile } = await recorded.post('Profiler.stop');
  recorded.disconnect();
  appear(profile);
}

/** Whoever waits for the file never sees half of it. */
function appear(content: object): void {
  writeFileSync(`${file}.part`, JSON.stringify(content));
  renameSync(`${file}.part`, file);
}

process.on('SIGUSR2', () => {
  if (session === null) void begin();
  else void end(session);
});
