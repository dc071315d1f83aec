/** Which shader multiplies, for few rows of x (decoding) and for many (prompts, batches of patches). */
export type FewRows = 'flat' | 'gemv-8' | 'gemv-32' | 'subgroup';
export type ManyRows = 'flat' | 'gemm-32' | 'gemm-64';
export interface MatmulChoice {
  readonly few: FewRows;
  readonly many: ManyRows;
}

/** Rows of x up to which `few` is taken. */
export const FEW = 4;
/** Without barriers: what software adapters are fastest with, and what every device can run. */
export const FLAT: MatmulChoice = { few: 'flat', many: 'flat' };

let choice: MatmulChoice = FLAT;

export function matmulChoice(): MatmulChoice {
  return choice;
}

/** Set when a device is opened, by `tuning.ts`; tests set each in turn. */
export function setMatmulChoice(next: MatmulChoice): void {
  choice = next;
}
