import { parseHook, type HookName } from '../../core/hooks.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { SpecHash } from '../../core/protocol/messages.ts';
import type { RecordedIo, RecordedModel } from '../../core/spec/recorded.ts';
import type { Tokenizer } from '../../workers/api.ts';
import type { ModelEntry } from '../state/catalogue.ts';
import type { CompleteSpec } from '../state/experiment.ts';
import type { ResultEntry } from '../state/results.ts';
import { storedFile } from '../state/stored-files.ts';
import { catalogue, fetchJson } from './app.ts';
import { loadRecorded } from './labs.ts';

/**
 * What stored files answer to an experiment, without an engine and without weights; null where they do not. Never rejects: what
 * cannot be read is asked of the engine.
 */
export async function answerFromFiles(spec: CompleteSpec, hash: SpecHash): Promise<ResultEntry | null> {
  try {
    const module = await loadRecorded(spec.lab);
    const answer = (await module?.recorded(spec, io)) ?? null;
    if (!answer) return null;
    const { model, saes, backend } = answer.made;
    return {
      result: answer.result,
      source: 'recorded',
      provenance: {
        commit: '',
        specHash: hash,
        lab: spec.lab,
        labV: spec.labV,
        model,
        saes,
        backend,
        adapter: null,
        seed: null,
        bos: true,
        ablation: null,
        milliseconds: 0,
      },
    };
  } catch {
    return null;
  }
}

const tokenizers = new Map<string, Promise<Tokenizer>>();

const io: RecordedIo<Tokenizer> = {
  async file(path) {
    const bytes = await storedFile(path);
    if (!bytes) throw new VitrineError('not-found', `${path} is not there`);
    return bytes;
  },
  async model(id) {
    const entry = await entryOf(id);
    return entry && recordedModel(entry);
  },
  tokenizer(id) {
    const known = tokenizers.get(id) ?? openTokenizer(id);
    tokenizers.set(id, known);
    known.catch(() => tokenizers.delete(id));
    return known;
  },
};

async function entryOf(id: string): Promise<ModelEntry | null> {
  await catalogue.load();
  return catalogue.store.getState().models?.find((model) => model.id === id) ?? null;
}

/** Of several weight files the digest is the engine's to make. */
function recordedModel({ id, files: listed, config, quantization, saes }: ModelEntry): RecordedModel | null {
  const weights = listed.filter(({ role }) => role === 'weights');
  const nCtx = config['n_positions'] ?? config['max_position_embeddings'];
  const [only] = weights;
  if (!only || weights.length > 1 || typeof nCtx !== 'number') return null;
  return {
    id,
    digest: only.sha256,
    quantization: quantization.kind,
    nCtx,
    saes: saes.flatMap(({ id, sha256: digest, hookName, architecture, dSae }) =>
      parseHook(hookName) ? [{ id, digest, hookName: hookName as HookName, architecture, dSae }] : [],
    ),
  };
}

async function openTokenizer(id: string): Promise<Tokenizer> {
  const entry = await entryOf(id);
  const json = async (role: string): Promise<unknown> => {
    const file = entry?.files.find((listed) => listed.role === role);
    if (!entry || !file) throw new VitrineError('not-found', `${id} lists no ${role}`);
    return fetchJson(`${entry.folder}${file.path}`);
  };
  const [{ createTokenizer }, tokenizer, config] = await Promise.all([
    import('../../workers/client/page-tokenizer.ts'),
    json('tokenizer'),
    json('tokenizer-config'),
  ]);
  return createTokenizer(tokenizer, config);
}
