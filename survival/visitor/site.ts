/** Under which names visitors know the systems: https in front, plain http behind, as where a proxy ends the TLS. */

/** The application's host. */
export const HOST = 'app.example.test';
export const ORIGIN: string = `https://${HOST}`;
/** A host of somebody else below the same domain. */
export const SIBLING = 'evil.example.test';

/** What the proxy that ends the TLS would send on. */
export const ORIGIN_HEADERS: Readonly<Record<string, string>> = { host: HOST, 'x-forwarded-proto': 'https' };
