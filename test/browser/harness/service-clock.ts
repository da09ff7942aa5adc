/** A clock for the service that a test can put forward while it runs: nobody waits for a week to pass. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ServiceClock {
  /** For the environment of the service. */
  readonly environment: Readonly<Record<string, string>>;
  /** From the next look at the clock on. */
  advance(seconds: number): void;
}

/** Keeps how far the clock is ahead in a file of the directory. */
export function makeServiceClock(directory: string): ServiceClock {
  const path = join(directory, 'clock-ahead-ms');
  const aheadMs = (): number => Number(readFileSync(path, 'utf8'));
  // In one step: the service may look at any moment.
  const write = (milliseconds: number): void => {
    writeFileSync(`${path}-next`, String(milliseconds));
    renameSync(`${path}-next`, path);
  };
  write(0);
  // Read at each look, so that whatever is asked after `advance` is answered by the new time.
  const source = `import { readFileSync } from 'node:fs';
    const Real = Date;
    const ahead = () => Number(readFileSync(${JSON.stringify(path)}, 'utf8'));
    globalThis.Date = class extends Real {
      constructor(...parts) { parts.length === 0 ? super(Real.now() + ahead()) : super(...parts); }
      static now() { return Real.now() + ahead(); }
    };`;
  return {
    environment: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` },
    advance: (seconds) => write(aheadMs() + seconds * 1000),
  };
}
