import { hookAxes, parseHook, type HookName } from '../../../core/hooks.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';

/** Vectors are added where every token has one activation: not to patterns, scores or norms' scales. */
export function checkHook(hook: HookName): void {
  const axes = hookAxes(parseHook(hook)?.site ?? 'pattern');
  if (axes[1] !== 'pos' || axes.includes('one'))
    throw new VitrineError('bad-intervention', `${hook} holds no vector per token; take the residual stream, z, or an output`);
}
