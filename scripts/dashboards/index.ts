import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { corpusSample } from '../../core/dashboards/corpus.ts';
import { GENERATOR, type DashboardIndex } from '../../core/dashboards/files.ts';
import { parseHook } from '../../core/hooks.ts';
import { toWireError } from '../../core/protocol/errors.ts';
import { openBundle } from '../../workers/weights/catalogue.ts';
import type { Manifest } from '../../workers/weights/manifest.ts';
import { complain, print } from '../cli/io.ts';
import { folderSource } from '../node-engine/file-source.ts';
import { openNodeEngine } from '../node-engine/index.ts';
import { ROOT } from '../lib/root.ts';
import { readIndex, saveDictionary, saveManifest } from './files.ts';
import { makeLab, type Amount } from './make.ts';

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
  /** Makes them here, and no manifest: how a job is started. */
  readonly job: boolean;
}

/** `dashboards`: makes and stores what is missing or of other weights. @returns the exit status */
export async function dashboards(args: DashboardsArguments): Promise<number> {
  const { model, site } = args;
  try {
    const bundle = await openBundle(folderSource(site), model);
    const all = bundle.manifest.saes.map(({ id }) => id);
    for (const id of args.saes ?? []) bundle.sae(id);
    const wanted = args.saes ?? all;
    if (args.job) return await makeHere(args, wanted, all);
    const due = args.force
      ? wanted
      : wanted.filter((id) => !isCurrent(readIndex(site, model, id), bundle.manifest, id, args.amount));
    for (const id of wanted) if (!due.includes(id)) complain(`${id}: up to date`);
    const began = performance.now();
    const groups = split(bundle.manifest, due, args.jobs);
    const statuses = await Promise.all(groups.map((group) => startJob(args, group)));
    const bytes = saveManifest(site, model, all);
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    await print(`${due.length} of ${wanted.length} dictionaries in ${seconds} s; ${((bytes ?? 0) / 1e6).toFixed(2)} MB in all`);
    return statuses.find((status) => status !== 0) ?? 0;
  } catch (error) {
    complain(JSON.stringify(toWireError(error)));
    return 1;
  }
}

async function makeHere(
  { model, amount, site }: DashboardsArguments,
  saes: readonly string[],
  all: readonly string[],
): Promise<number> {
  const module = makeLab({
    model,
    saes,
    all,
    amount,
    save: (made) => saveDictionary(site, all, made),
    note: (line) => complain(`[${saes[0] ?? ''} …] ${line}`),
  });
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
function isCurrent(index: DashboardIndex | null, manifest: Manifest, id: string, amount: Amount): boolean {
  if (!index) return false;
  const sae = manifest.saes.find((s) => s.id === id);
  const weights = manifest.files.filter(({ role }) => role === 'weights');
  const { corpus } = index;
  const enough = 'tokens' in amount ? corpus.tokens >= amount.tokens : corpus.documents === amount.documents;
  return (
    index.generator === GENERATOR &&
    weights.length === 1 &&
    weights[0]?.sha256 === index.model.digest &&
    manifest.quantization.kind === index.model.quantization &&
    sae?.sha256 === index.sae.digest &&
    corpus.sample === corpusSample(corpus.seed, corpus.shares) &&
    enough
  );
}

/**
 * Dictionaries for each process, in the order of the forward pass: a process runs the model only as far as its last one. A
 * block costs about as much as a dictionary.
 */
function split(manifest: Manifest, saes: readonly string[], jobs: number): string[][] {
  const layer = (id: string): number => parseHook(manifest.saes.find((s) => s.id === id)?.hookName ?? '')?.layer ?? 0;
  const order = [...saes].sort((a, b) => layer(a) - layer(b));
  const cost = (group: readonly string[]): number => group.length + Math.max(0, ...group.map((id) => layer(id) + 1));
  const groups: string[][] = [];
  let rest = order;
  for (let left = Math.min(jobs, order.length); left > 1; left--) {
    let n = 1;
    while (n < rest.length - 1 && cost(rest.slice(0, n + 1)) <= cost(rest.slice(n + 1)) / (left - 1)) n++;
    groups.push(rest.slice(0, n));
    rest = rest.slice(n);
  }
  return rest.length > 0 ? [...groups, rest] : groups;
}

/** One process for some dictionaries: this command again. @returns its exit status */
function startJob({ model, amount, site }: DashboardsArguments, saes: readonly string[]): Promise<number> {
  const much = 'tokens' in amount ? ['--tokens', String(amount.tokens)] : ['--documents', String(amount.documents)];
  const args = [join(ROOT, 'scripts/vitrine.mjs'), 'dashboards', model, ...saes, ...much, '--site', site, '--job'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--max-old-space-size=6144', ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
    process.once('SIGINT', () => child.kill());
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
}
