/** A certificate authority for one test and a certificate of it for loopback, made with openssl. */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SystemUser } from './system-user.ts';

/** Paths of PEM files. */
export interface Certificate {
  readonly caPath: string;
  readonly certPath: string;
  readonly keyPath: string;
}

const run = promisify(execFile);
const DAYS = '2';
const FRESH_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', DAYS];

/** Writes the files into a folder; the server's certificate is good for localhost and 127.0.0.1. */
export async function makeCertificate(directory: string, owner: SystemUser | null = null): Promise<Certificate> {
  const path = (name: string): string => join(directory, name);
  const [caPath, caKeyPath] = [path('ca.crt'), path('ca.key')];
  const [certPath, keyPath] = [path('server.crt'), path('server.key')];
  const ca = ['-keyout', caKeyPath, '-out', caPath, '-subj', '/CN=Throwaway authority of a test'];
  await run('openssl', ['req', '-x509', ...FRESH_KEY, ...ca]);
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'basicConstraints=CA:FALSE'];
  const leaf = ['-keyout', keyPath, '-out', certPath, '-subj', '/CN=localhost', ...names];
  await run('openssl', ['req', '-x509', '-CA', caPath, '-CAkey', caKeyPath, ...FRESH_KEY, ...leaf]);
  // PostgreSQL refuses a key that others can read.
  chmodSync(keyPath, 0o600);
  if (owner !== null) chownSync(keyPath, owner.uid, owner.gid);
  return { caPath, certPath, keyPath };
}
