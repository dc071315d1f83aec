import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SparseRows } from '../../core/dashboards/columns.ts';
import type { ReadDocument } from '../../labs/feature-dashboard/lib/documents.ts';

/**
 * What the reading processes leave for the making ones: per process one file of documents (a JSON line each section) and one
 * per dictionary of rows. Process `part` of `parts` has the sections part, part + parts, …
 */
export interface Spool {
  readonly folder: string;
  readonly parts: number;
}

const documentsFile = ({ folder }: Spool, part: number): string => join(folder, `documents.${part}.jsonl`);
const rowsFile = ({ folder }: Spool, part: number, sae: string): string => join(folder, `${sae}.${part}.rows`);

export function spoolDocuments(spool: Spool, part: number, documents: readonly ReadDocument[]): void {
  appendFileSync(documentsFile(spool, part), `${JSON.stringify(documents)}\n`);
}

/** Numbers of tokens and entries, then offsets and features as 32-bit integers, then values as 32-bit floats. */
export function spoolRows(spool: Spool, part: number, sae: string, { offsets, features, values }: SparseRows): void {
  const header = Int32Array.of(offsets.length - 1, features.length);
  const bytes = [header, offsets, features, values].map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength));
  appendFileSync(rowsFile(spool, part, sae), Buffer.concat(bytes));
}

/** All documents, in the order of the corpus. */
export function* spooledDocuments(spool: Spool): Generator<ReadDocument> {
  const lines = Array.from({ length: spool.parts }, (_, part) =>
    readFileSync(documentsFile(spool, part), 'utf8').trimEnd().split('\n'),
  );
  for (let section = 0; ; section++) {
    const line = lines[section % spool.parts]?.[Math.floor(section / spool.parts)];
    if (line === undefined) return;
    yield* JSON.parse(line) as ReadDocument[];
  }
}

/** One dictionary's rows, section after section in the order of the corpus. */
export function spooledRows(spool: Spool, sae: string): SparseRows[] {
  const parts = Array.from({ length: spool.parts }, (_, part) => sections(readFileSync(rowsFile(spool, part, sae))));
  const all: SparseRows[] = [];
  for (let section = 0; ; section++) {
    const rows = parts[section % spool.parts]?.[Math.floor(section / spool.parts)];
    if (!rows) return all;
    all.push(rows);
  }
}

/** Frees the disk of a dictionary that is made. */
export function dropRows(spool: Spool, sae: string): void {
  for (let part = 0; part < spool.parts; part++) rmSync(rowsFile(spool, part, sae), { force: true });
}

function sections(file: Buffer): SparseRows[] {
  const { buffer } = Uint8Array.from(file);
  const found: SparseRows[] = [];
  for (let at = 0; at < buffer.byteLength;) {
    const [tokens = 0, entries = 0] = new Int32Array(buffer, at, 2);
    const offsets = new Int32Array(buffer, at + 8, tokens + 1);
    const features = new Int32Array(buffer, at + 8 + 4 * (tokens + 1), entries);
    const values = new Float32Array(buffer, at + 8 + 4 * (tokens + 1 + entries), entries);
    found.push({ offsets, features, values });
    at += 8 + 4 * (tokens + 1 + 2 * entries);
  }
  return found;
}
