/** Makes a certificate that signs itself, so that no other program is needed: as much of X.509 (RFC 5280) as that takes. */
import { generateKeyPairSync, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
  /** The public key in DER, which is what Chromium is told to take. */
  readonly spki: Buffer;
}

const HOUR_MS = 3_600_000;
/** Tags of ASN.1's basic encoding (X.690). */
const TAG = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, text: 0x0c, time: 0x17, sequence: 0x30, set: 0x31 };
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const SUBJECT_ALTERNATIVE_NAME = oid('551d11');

/** For one DNS name, which may begin with `*.`; good from an hour ago for a day. */
export function makeCertificate(dnsName: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const name = sequence(der(TAG.set, sequence(COMMON_NAME, der(TAG.text, Buffer.from(dnsName)))));
  // 0x82: a DNS name among the kinds of general names; 0xa0 and 0xa3: the fields numbered 0 and 3.
  const alternative = der(TAG.octets, sequence(der(0x82, Buffer.from(dnsName))));
  const facts = sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, Buffer.from([1])),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(Date.now() - HOUR_MS), time(Date.now() + 24 * HOUR_MS)),
    name,
    spki,
    der(0xa3, sequence(sequence(SUBJECT_ALTERNATIVE_NAME, alternative))),
  );
  const signature = der(TAG.bits, Buffer.concat([Buffer.from([0]), sign('sha256', facts, privateKey)]));
  const cert = sequence(facts, ECDSA_WITH_SHA256, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${cert}\n-----END CERTIFICATE-----\n`,
    spki,
  };
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(TAG.sequence, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'));
}

/** `YYMMDDHHMMSSZ`. */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(TAG.time, Buffer.from(`${digits}Z`));
}
