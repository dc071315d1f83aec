import type { LabModule } from '../../workers/runtime/environment.ts';
import { generateLab } from './generate-lab.ts';
import { logitsLab } from './logits-lab.ts';

/** Labs of benchmarks and checks, which the page does not have. */
export async function ownLabs(id: string): Promise<LabModule | null> {
  return [generateLab, logitsLab].find(({ lab }) => lab.id === id) ?? null;
}
