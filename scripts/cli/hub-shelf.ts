import { mkdirSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { HUB_HOST, isHubHost, type HubModel } from '../../core/files/hub.ts';
import { hubModelSchema } from '../../core/files/hub-schema.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { UsageError, userPath } from './io.ts';

/** Where models of the Hub are kept on this machine. */
export function hubFolder(): string {
  const { VITRINE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (VITRINE_CACHE) return userPath(VITRINE_CACHE);
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'vitrine');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'vitrine');
  return join(XDG_CACHE_HOME ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'vitrine');
}

/** The Hub's address; `HF_ENDPOINT` may name another one on this machine. */
export function hubHost(): string {
  const host = (process.env['HF_ENDPOINT'] ?? '').replace(/\/$/, '');
  if (host === '') return HUB_HOST;
  if (isHubHost(host)) return host;
  throw new UsageError(`HF_ENDPOINT is ${host}; only ${HUB_HOST} or a Hub on this very machine is asked`);
}

/** The reader's token: of a file, or `HF_TOKEN`. It is never printed. @param file null: none is named */
export function hubToken(file: string | null): string | null {
  if (file === null) return process.env['HF_TOKEN']?.trim() || null;
  try {
    return readFileSync(userPath(file), 'utf8').trim() || null;
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Bytes that are left for files of the reader where a folder is, or would be made; without end where the system does not say. */
export function roomIn(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return dirname(folder) === folder ? Infinity : roomIn(dirname(folder));
  }
}

const MODELS = 'models.json';
const listed = v.object({ models: v.pipe(v.array(hubModelSchema), v.maxLength(1_000)) });

/** The models that the reader has confirmed; of one that was kept whole, the Hub need not be asked again. */
export function confirmedModels(folder: string): readonly HubModel[] {
  try {
    return v.parse(listed, JSON.parse(readFileSync(join(folder, MODELS), 'utf8'))).models;
  } catch {
    return [];
  }
}

/** Throws `no-storage` where the folder cannot be written. */
export function writeConfirmed(folder: string, models: readonly HubModel[]): void {
  const path = join(folder, MODELS);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, `${JSON.stringify({ models }, null, 1)}\n`);
    renameSync(`${path}.${process.pid}`, path);
  } catch (cause) {
    const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
    throw new VitrineError(full ? 'storage-full' : 'no-storage', `${folder} cannot be written: ${(cause as Error).message}`, {
      cause,
      hint: OTHER_FOLDER,
    });
  }
}

export const OTHER_FOLDER =
  'Make room there, or name another folder in VITRINE_CACHE, and run again; what is there already stays.';
