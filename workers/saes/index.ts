import { VitrineError } from '../../core/protocol/errors.ts';
import type { SaeArchitecture } from './architecture.ts';
import { jumprelu } from './jumprelu.ts';
import { standard } from './standard.ts';
import { topk } from './topk.ts';

/** One line per architecture; everything else is in its file. */
const ARCHITECTURES: readonly SaeArchitecture[] = [jumprelu, standard, topk];

export function architectureOf(name: string): SaeArchitecture {
  const found = ARCHITECTURES.find((a) => a.name === name);
  if (!found)
    throw new VitrineError(
      'unsupported-file',
      `cfg.json names the architecture "${name}"; known are ${ARCHITECTURES.map((a) => a.name).join(', ')}`,
    );
  return found;
}
