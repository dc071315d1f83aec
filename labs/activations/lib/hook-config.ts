import {
  allHooks,
  hookAxes,
  hookShape,
  matchHooks,
  parseHook,
  siteLabel,
  type Axis,
  type HookName,
} from '../../../core/hooks.ts';
import { familyOf } from '../../../core/families/index.ts';
import type { ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';

/** A model's shape, from the config.json that its manifest carries; null where the engine could not read that file either. */
export function hookConfig(config: Readonly<Record<string, unknown>>): ModelConfig | null {
  try {
    return familyOf(config).parseConfig(config);
  } catch (error) {
    if (error instanceof VitrineError) return null;
    throw error;
  }
}

export interface HookMatch {
  readonly pattern: string;
  readonly hooks: readonly HookName[];
}

export const matchAll = (patterns: readonly string[], config: ModelConfig): HookMatch[] =>
  patterns.map((pattern) => ({ pattern, hooks: matchHooks(pattern, config) }));

/** Numbers of one position of a hook's activation; patterns count one key per position. */
export function numbersOf(hook: HookName, config: ModelConfig, positions: number): number {
  const address = parseHook(hook);
  return address ? hookShape(address.site, config, 1, positions).reduce((a, b) => a * b, 1) : 0;
}

/** `[pos, head, d_head]`: the axes of an activation as results have them. */
export function axesOf(hook: HookName): readonly Axis[] {
  const address = parseHook(hook);
  return address ? hookAxes(address.site).slice(1) : [];
}

export interface Suggestion {
  readonly pattern: string;
  readonly label: string;
}

/** One pattern per place in a block, then the hooks outside of blocks: what one may want without typing. */
export function suggestions(config: ModelConfig): Suggestion[] {
  const found = new Map<string, Suggestion>();
  for (const hook of allHooks(config, { onRequest: true })) {
    const address = parseHook(hook);
    if (!address) continue;
    // Hooks that are computed only when named exactly cannot be asked for with `*`.
    const everywhere = hook.replace(/^blocks\.\d+\./, 'blocks.*.');
    const pattern = matchHooks(everywhere, config).length > 0 ? everywhere : hook;
    if (!found.has(pattern)) found.set(pattern, { pattern, label: siteLabel(address.site) });
  }
  return [...found.values()];
}
