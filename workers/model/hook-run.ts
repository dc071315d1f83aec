import type { SiteId } from '../../core/hooks.ts';
import type { Tensor } from '../kernels/index.ts';

/** What components see of hooks: whether anybody listens, and the pass-through point itself. */
export interface Hooks {
  /** True if the hook is captured, edited or probed in this run; `onRequest` sites are computed only then. */
  wants(site: SiteId, layer: number | null): boolean;
  /** Passes an activation through the hook: edits, then probe, then capture. */
  at(site: SiteId, layer: number | null, x: Tensor): Tensor;
}

export const NO_HOOKS: Hooks = { wants: () => false, at: (_site, _layer, x) => x };
