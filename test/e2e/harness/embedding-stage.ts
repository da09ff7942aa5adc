/** Everything that an embedding takes: the service as production has it, a shop on another site, and a third site. */

import { generateSecret } from 'holdfast';
import type { BrowserContext } from 'playwright-core';
import type { Service } from './service.ts';
import { openShop, type Shop } from './shop.ts';
import { type Sites, startSites } from './sites.ts';
import type { Stage } from './stage.ts';

export const SERVICE_HOST = 'auth.test';
export const SHOP_HOST = 'shop.test';
/** A site that nobody allowed to embed anything. */
export const STRANGER_HOST = 'stranger.test';

export interface Embedding {
  readonly service: Service;
  readonly sites: Sites;
  readonly shop: Shop;
  /** Of the service, as browsers know it. */
  readonly auth: string;
  readonly stranger: string;
  openBrowser(name: string): Promise<BrowserContext>;
}

export async function stageEmbedding(
  stage: Stage,
  settings: Readonly<Record<string, string>> = {},
): Promise<Embedding> {
  const service = await stage.prepareService({ secrets: generateSecret() });
  const sites = await startSites({ host: SERVICE_HOST, port: service.port });
  stage.afterwards(() => sites.close());
  const auth = sites.origin(SERVICE_HOST);
  await service.start({
    environment: {
      NODE_ENV: 'production',
      PUBLIC_URL: auth,
      ALLOWED_HOSTS: SERVICE_HOST,
      TRUSTED_PROXIES: 'loopback',
      ...settings,
    },
  });
  sites.add(STRANGER_HOST, (_incoming, answer) => {
    answer.setHeader('content-type', 'text/html; charset=utf-8');
    answer.end('<!doctype html><html lang="en"><title>A stranger</title><link rel="icon" href="data:,">');
  });
  const shop = await openShop({ host: SHOP_HOST, service, sites, serviceHost: SERVICE_HOST });
  return {
    service,
    sites,
    shop,
    auth,
    stranger: sites.origin(STRANGER_HOST),
    openBrowser: (name) => stage.openBrowser(name, sites.switches),
  };
}
