/**
 * Sends requests at a fixed rate, whatever the answers do, and measures each from the moment at which it was due: a
 * server that stalls is charged for everybody who would have come meanwhile (no coordinated omission). Runs as a process
 * of its own; the task comes as JSON in the first argument, the result goes to standard output.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import type { OpenLoopResult, OpenLoopTask } from './run-open-loop.ts';
import { SEPARATOR, statusOfWhole } from './wire.ts';

const task = JSON.parse(process.argv[2] ?? '{}') as OpenLoopTask;
const requests = readFileSync(task.file, 'latin1').split(SEPARATOR).slice(0, -1);
const total = Math.round(task.rate * task.seconds);
const latencies = new Float64Array(total);
const idle: Connection[] = [];
/** Times at which requests were due that found every connection busy. */
const waiting: number[] = [];
let sent = 0;
let answered = 0;
let failed = 0;

/** Spinning makes the clock exact; it must not keep Redis, which may share the core, from running. */
setPriority(5);

class Connection {
  readonly #socket: Socket;
  #due = 0;
  #text = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#take(chunk));
    socket.on('error', () => this.#settle(0));
  }

  send(due: number): void {
    this.#due = due;
    this.#socket.write(requests[sent++ % requests.length] as string, 'latin1');
  }

  #take(chunk: string): void {
    this.#text = this.#text === '' ? chunk : this.#text + chunk;
    const status = statusOfWhole(this.#text);
    if (status !== null) this.#settle(status);
  }

  #settle(status: number): void {
    this.#text = '';
    if (status !== 200) failed++;
    if (answered < total) latencies[answered++] = performance.now() - this.#due;
    const due = waiting.shift();
    if (due === undefined) idle.push(this);
    else this.send(due);
  }
}

async function open(): Promise<Connection> {
  const socket = connect(task.port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new Connection(socket);
}

for (let i = 0; i < task.connections; i++) idle.push(await open());

const interval = 1000 / task.rate;
const start = performance.now() + 50;
const limit = start + task.seconds * 1000 + 10_000;
let due = 0;

function turn(): void {
  const now = performance.now();
  while (due < total && start + due * interval <= now) {
    const when = start + due++ * interval;
    const connection = idle.pop();
    if (connection === undefined) waiting.push(when);
    else connection.send(when);
  }
  if (answered < total && now < limit) setImmediate(turn);
  else finish();
}

function finish(): void {
  const sorted = latencies.subarray(0, answered).sort();
  const at = (share: number): number =>
    Math.round((sorted[Math.min(answered - 1, Math.floor(answered * share))] ?? 0) * 1000);
  const result: OpenLoopResult = {
    requests: answered,
    failed: failed + (total - answered),
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

turn();
