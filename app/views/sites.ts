import { parseHook, siteLabel, type HookAddress, type SiteId } from '../../core/hooks.ts';

/** A place in plain words: “residual stream after block 2”. */
export function siteName(hook: string): string {
  const address = parseHook(hook);
  if (!address) return hook;
  const { site, layer } = address;
  if (layer === null) return siteLabel(site);
  const plain: Partial<Record<SiteId, string>> = {
    resid_post: `residual stream after block ${layer}`,
    resid_pre: `residual stream before block ${layer}`,
    mlp_out: `what the MLP of block ${layer} writes`,
    attn_out: `what the attention of block ${layer} writes`,
    z: `heads of block ${layer}`,
  };
  return plain[site] ?? `${siteLabel(site)}, block ${layer}`;
}

/** `L2 resid_post`: a site in few letters. */
export function siteShort(hook: string): string {
  const address: HookAddress | null = parseHook(hook);
  if (!address) return hook;
  return address.layer === null ? address.site : `L${address.layer} ${address.site}`;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { jumprelu: 'JumpReLU', standard: 'ReLU', topk: 'TopK' };
/** A dictionary's architecture as papers write it. */
export const architectureName = (architecture: string): string => ARCHITECTURES[architecture] ?? architecture;
