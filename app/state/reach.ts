import { VitrineError } from '../../core/protocol/errors.ts';

/**
 * Why a page may not ask what is at an address: its own policy names the hosts that it may. Known without a request.
 * @param policy the page's content security policy; null: it has none (`vite dev`)
 * @param page address of the page
 */
export function whyNotReach(address: string, policy: string | null, page: string): VitrineError | null {
  const sources = /(?:^|;)\s*connect-src ([^;]*)/
    .exec(policy ?? '')?.[1]
    ?.trim()
    .split(/\s+/);
  const url = new URL(address);
  if (!sources || sources.some((source) => allows(source, url, new URL(page)))) return null;
  return new VitrineError('host-not-allowed', `this copy of Vitrine is not allowed to ask ${url.host}`);
}

function allows(source: string, url: URL, page: URL): boolean {
  if (source === "'self'") return url.origin === page.origin;
  const [, scheme, below] = /^(https?:)\/\/\*\.(.+)$/.exec(source) ?? [];
  if (below !== undefined) return url.protocol === scheme && url.host.endsWith(`.${below}`);
  return URL.canParse(source) && new URL(source).origin === url.origin;
}

/** The policy that stands in the page. */
export const policyOf = (page: Document): string | null =>
  page.querySelector<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]')?.content ?? null;
