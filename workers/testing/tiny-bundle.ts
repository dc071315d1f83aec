import { writeSafetensors, type SafeInput } from '../../core/files/safetensors.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { quantize } from '../kernels/quantize.ts';
import { sha256, type FileSource } from '../weights/file-source.ts';
import { random } from './numbers.ts';

/** Files of a site by path; tests damage them as they like. */
export type Files = Map<string, Uint8Array<ArrayBuffer>>;

export const TINY = {
  dModel: 32,
  nHeads: 4,
  nLayers: 2,
  nCtx: 48,
  dVocab: 258,
  dSae: 64,
  hook: 'blocks.1.hook_resid_post',
} as const;

const text = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));

/** A source over files in memory, which counts what was read. */
export function memorySource(files: Files): FileSource & { readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    read(path, options = {}) {
      reads.push(path);
      const bytes = files.get(path);
      if (options.signal?.aborted) return Promise.reject(new Error('aborted'));
      if (!bytes) return Promise.reject(new VitrineError('not-found', `there is no ${path}`));
      options.onBytes?.(bytes.length >> 1, bytes.length);
      options.onBytes?.(bytes.length, bytes.length);
      return Promise.resolve(bytes.slice());
    },
  };
}

/** A site with random gpt2 models of 2 layers, every byte a token, each with one SAE; int8 bundles like those of `training/bundle.py`. */
export async function tinySite(ids: readonly string[] = ['tiny']): Promise<Files> {
  const files: Files = new Map();
  files.set('models/catalogue.json', text({ models: ids.map((id) => ({ id, path: `models/${id}/manifest.json` })) }));
  for (const [i, id] of ids.entries()) await addModel(files, id, 100 * i + 1);
  return files;
}

async function addModel(files: Files, id: string, seed: number): Promise<void> {
  const folder = `models/${id}/`;
  const sae = `saes/${id}/${TINY.hook}/`;
  files.set(`${folder}tokenizer.json`, text(byteTokenizer()));
  files.set(
    `${folder}tokenizer_config.json`,
    text({ bos_token: '<|endoftext|>', eos_token: '<|endoftext|>', add_bos_token: true }),
  );
  files.set(`${folder}model.int8.safetensors`, modelWeights(seed));
  files.set(`${sae}sae_weights.int8.safetensors`, saeWeights(seed + 50));
  files.set(`${sae}cfg.json`, text(saeConfig()));
  const digest = async (path: string): Promise<{ bytes: number; sha256: string }> => {
    const bytes = files.get(path) ?? new Uint8Array(0);
    return { bytes: bytes.length, sha256: await sha256(bytes) };
  };
  const listed = async (path: string, role: string): Promise<unknown> => ({ path, role, ...(await digest(folder + path)) });
  const { dModel, nHeads, nLayers, nCtx, dVocab, dSae, hook } = TINY;
  const config = {
    model_type: 'gpt2',
    n_embd: dModel,
    n_head: nHeads,
    n_layer: nLayers,
    n_positions: nCtx,
    vocab_size: dVocab,
    bos_token_id: 0,
    eos_token_id: 0,
  };
  const manifest = {
    format: 'vitrine-bundle/1',
    id,
    config,
    files: [
      await listed('tokenizer.json', 'tokenizer'),
      await listed('tokenizer_config.json', 'tokenizer-config'),
      await listed('model.int8.safetensors', 'weights'),
    ],
    quantization: { kind: 'int8', group: 32 },
    requires: { memoryBytes: files.get(`${folder}model.int8.safetensors`)?.length ?? 0 },
    saes: [
      {
        id: hook,
        hookName: hook,
        path: `../../${sae}sae_weights.int8.safetensors`,
        cfg: `../../${sae}cfg.json`,
        dIn: dModel,
        dSae,
        ...(await digest(`${sae}sae_weights.int8.safetensors`)),
      },
    ],
  };
  files.set(`${folder}manifest.json`, text(manifest));
}

/** Every byte is a token, and no two merge. */
export function byteTokenizer(): unknown {
  const stand: string[] = [];
  for (let byte = 0, next = 0x100; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    stand.push(String.fromCharCode(printable ? byte : next++));
  }
  return {
    added_tokens: [{ id: 0, content: '<|endoftext|>', special: true, normalized: false }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries(['<|endoftext|>', ...stand].map((t, i) => [t, i])), merges: [] },
  };
}

function packed(name: string, n: number, k: number, seed: number, scale: number): SafeInput[] {
  const { q, scales } = quantize(random(n * k, seed, scale / Math.sqrt(k)), 'int8');
  return [
    { name: `${name}.q8`, shape: [n, k], data: q },
    { name: `${name}.scale`, shape: [n, k / 32], data: scales },
  ];
}

function modelWeights(seed: number): Uint8Array<ArrayBuffer> {
  const { dModel: d, nLayers, nCtx, dVocab } = TINY;
  let at = seed;
  const vector = (name: string, length: number, around: number): SafeInput => ({
    name,
    shape: [length],
    data: random(length, at++, 0.2).map((x) => around + x),
  });
  const norm = (name: string): SafeInput[] => [vector(`${name}.weight`, d, 1), vector(`${name}.bias`, d, 0)];
  const linear = (name: string, n: number, k: number): SafeInput[] => [
    ...packed(`${name}.weight`, n, k, at++, 1.2),
    vector(`${name}.bias`, n, 0),
  ];
  const tensors: SafeInput[] = [
    ...packed('wte.weight', dVocab, d, at++, 3),
    { name: 'wpe.weight', shape: [nCtx, d], data: random(nCtx * d, at++, 0.3) },
    ...norm('ln_f'),
  ];
  for (let layer = 0; layer < nLayers; layer++) {
    const h = `h.${layer}`;
    tensors.push(...norm(`${h}.ln_1`), ...norm(`${h}.ln_2`));
    tensors.push(...linear(`${h}.attn.c_attn`, 3 * d, d), ...linear(`${h}.attn.c_proj`, d, d));
    tensors.push(...linear(`${h}.mlp.c_fc`, 4 * d, d), ...linear(`${h}.mlp.c_proj`, d, 4 * d));
  }
  return writeSafetensors(tensors, { format: 'vitrine-int8/1' });
}

function saeWeights(seed: number): Uint8Array<ArrayBuffer> {
  const { dModel: d, dSae } = TINY;
  const vector = (name: string, length: number, i: number): SafeInput => ({
    name,
    shape: [length],
    data: random(length, seed + i, 0.2),
  });
  return writeSafetensors([
    ...packed('W_enc_T', dSae, d, seed, 1),
    ...packed('W_dec', dSae, d, seed + 1, 1),
    vector('b_enc', dSae, 2),
    vector('b_dec', d, 3),
    { name: 'threshold', shape: [dSae], data: random(dSae, seed + 4, 0.3).map(Math.abs) },
  ]);
}

function saeConfig(): unknown {
  return {
    architecture: 'jumprelu',
    d_in: TINY.dModel,
    d_sae: TINY.dSae,
    apply_b_dec_to_input: false,
    normalize_activations: 'none',
    reshape_activations: 'none',
    metadata: { sae_lens_version: '6.54.0', hook_name: TINY.hook },
  };
}
