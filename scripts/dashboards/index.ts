import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { meanTokens } from '../../core/curriculum/corpus.ts';
import { corpusSample, documentShares } from '../../core/dashboards/corpus.ts';
import { GENERATOR, type DashboardIndex } from '../../core/dashboards/files.ts';
import { toWireError } from '../../core/protocol/errors.ts';
import { SECTION } from '../../labs/feature-dashboard/lib/encode.ts';
import { openBundle } from '../../workers/weights/catalogue.ts';
import type { Manifest } from '../../workers/weights/manifest.ts';
import { complain, print } from '../cli/io.ts';
import { folderSource } from '../node-engine/file-source.ts';
import { openNodeEngine } from '../node-engine/index.ts';
import { ROOT } from '../lib/root.ts';
import { readIndex, saveDictionary, saveManifest } from './files.ts';
import { makeLab, readLab } from './make.ts';

/** How much text: about this many tokens and not fewer, or exactly this many documents. */
export type Amount = { readonly tokens: number } | { readonly documents: number };

/** A process that this command starts for itself. */
export type Job =
  | { readonly kind: 'read'; readonly part: number; readonly parts: number; readonly spool: string }
  | { readonly kind: 'make'; readonly parts: number; readonly spool: string };

export interface DashboardsArguments {
  readonly model: string;
  /** Null: all of the model. */
  readonly saes: readonly string[] | null;
  readonly amount: Amount;
  readonly jobs: number;
  /** Also what is there and up to date. */
  readonly force: boolean;
  /** The site's folder: the model is read from it, dashboards are written to `dashboards/` in it. */
  readonly site: string;
  /** Null: the command itself. */
  readonly job: Job | null;
}

/** `dashboards`: makes and stores what is missing or of other weights. @returns the exit status */
export async function dashboards(args: DashboardsArguments): Promise<number> {
  const { model, site } = args;
  try {
    const bundle = await openBundle(folderSource(site), model);
    const all = bundle.manifest.saes.map(({ id }) => id);
    for (const id of args.saes ?? []) bundle.sae(id);
    const wanted = args.saes ?? all;
    const documents = documentsFor(args.amount);
    if (args.job) return await runJob(args, args.job, documents, wanted, all);
    const due = args.force
      ? wanted
      : wanted.filter((id) => !isCurrent(readIndex(site, model, id), bundle.manifest, id, documents));
    for (const id of wanted) if (!due.includes(id)) complain(`${id}: up to date`);
    const began = performance.now();
    const status = due.length > 0 ? await readAndMake(args, due, documents) : 0;
    const bytes = saveManifest(site, model, all);
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    await print(`${due.length} of ${wanted.length} dictionaries in ${seconds} s; ${((bytes ?? 0) / 1e6).toFixed(2)} MB in all`);
    return status;
  } catch (error) {
    complain(JSON.stringify(toWireError(error)));
    return 1;
  }
}

/** Documents that hold the tokens asked for: by the measured mean length, with a margin for its error. */
function documentsFor(amount: Amount): number {
  if ('documents' in amount) return amount.documents;
  const shares = documentShares();
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  const mean = shares.reduce((sum, [id, share]) => sum + share * (meanTokens(id) - 1), 0) / total;
  return SECTION * Math.ceil((1.02 * amount.tokens) / mean / SECTION);
}

/** First every process reads its part of the text for all dictionaries, then each makes some of them. */
async function readAndMake(args: DashboardsArguments, saes: readonly string[], documents: number): Promise<number> {
  const spool = join(ROOT, '.cache', 'dashboards', `${args.model}-${process.pid}`);
  mkdirSync(spool, { recursive: true });
  try {
    const parts = Math.max(1, Math.min(args.jobs, Math.ceil(documents / SECTION)));
    const read = Array.from({ length: parts }, (_, part): Job => ({ kind: 'read', part, parts, spool }));
    const statuses = await Promise.all(read.map((job) => startJob(args, job, saes, documents)));
    const failed = statuses.find((status) => status !== 0);
    if (failed !== undefined) return failed;
    const groups = Array.from({ length: Math.min(args.jobs, saes.length) }, (_, j) =>
      saes.filter((_sae, i) => i % args.jobs === j),
    );
    const made = await Promise.all(groups.map((group) => startJob(args, { kind: 'make', parts, spool }, group, documents)));
    return made.find((status) => status !== 0) ?? 0;
  } finally {
    rmSync(spool, { recursive: true, force: true });
  }
}

async function runJob(
  { model, site }: DashboardsArguments,
  job: Job,
  documents: number,
  saes: readonly string[],
  all: readonly string[],
): Promise<number> {
  const spool = { folder: job.spool, parts: job.parts };
  const name = job.kind === 'read' ? `read ${job.part + 1}/${job.parts}` : 'make';
  const common = { model, saes, documents, spool, note: (line: string) => complain(`[${name}] ${line}`) };
  const module =
    job.kind === 'read'
      ? readLab({ ...common, part: job.part })
      : makeLab({ ...common, all, save: (made) => saveDictionary(site, all, made) });
  const { engine, close } = await openNodeEngine({
    backend: 'wasm',
    folder: site,
    labs: async (id) => (id === module.lab.id ? module : null),
  });
  try {
    await engine.run(module.lab.defaults);
    return 0;
  } finally {
    await close();
  }
}

/** Whether what is there was made of these weights, of this text and by this method. */
function isCurrent(index: DashboardIndex | null, manifest: Manifest, id: string, documents: number): boolean {
  if (!index) return false;
  const sae = manifest.saes.find((s) => s.id === id);
  const weights = manifest.files.filter(({ role }) => role === 'weights');
  const { corpus } = index;
  return (
    index.generator === GENERATOR &&
    weights.length === 1 &&
    weights[0]?.sha256 === index.model.digest &&
    manifest.quantization.kind === index.model.quantization &&
    sae?.sha256 === index.sae.digest &&
    corpus.sample === corpusSample(corpus.seed, corpus.shares) &&
    corpus.documents === documents
  );
}

/** This command again, as a process of its own. @returns its exit status */
function startJob({ model, site }: DashboardsArguments, job: Job, saes: readonly string[], documents: number): Promise<number> {
  const options = ['--documents', String(documents), '--site', site, '--job', JSON.stringify(job)];
  const args = [join(ROOT, 'scripts/vitrine.mjs'), 'dashboards', model, ...saes, ...options];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--max-old-space-size=6144', ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
    process.once('SIGINT', () => child.kill());
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
}
