import { named, type NamedFile } from '../state/local-models.ts';

/** Entries of a folder that are looked at, before it is taken for something else than a checkpoint. */
const MAX_ENTRIES = 1_000;

/** What was dropped. Of a folder its files by path, the folder's name first; null where no folder is among it. */
export interface Dropped {
  readonly files: readonly NamedFile[];
  readonly folder: Promise<readonly NamedFile[]> | null;
}

/** To be called while the event is handled: the browser forgets what was dropped right after. */
export function dropped(transfer: DataTransfer): Dropped {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const folder = entries.find((entry) => entry?.isDirectory === true);
  return { files: named([...transfer.files]), folder: folder ? read(folder as FileSystemDirectoryEntry) : null };
}

/** A folder and those in it; what lies deeper is no part of a checkpoint. */
async function read(folder: FileSystemDirectoryEntry, depth = 1): Promise<readonly NamedFile[]> {
  const found: NamedFile[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.isFile) found.push({ name: entry.fullPath.slice(1), blob: await fileOf(entry as FileSystemFileEntry) });
    else if (depth > 0) found.push(...(await read(entry as FileSystemDirectoryEntry, depth - 1)));
  }
  return found;
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // It hands them out in portions, of which an empty one is the last.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    all.push(...some);
    if (some.length === 0 || all.length > MAX_ENTRIES) return all;
  }
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));
