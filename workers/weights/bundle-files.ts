import { VitrineError } from '../../core/protocol/errors.ts';
import type { JsonObject } from '../model/families/index.ts';
import { parseJson, type Bundle } from './catalogue.ts';
import { withChatTemplates } from './chat-templates.ts';
import { openFile, readChecked, sha256, type FileSource, type ReadOptions } from './file-source.ts';
import type { BundleFile } from './manifest.ts';
import type { ModelFiles, RandomAccessFile } from './model-files.ts';

/** The files of a bundle of this site. Small ones are read, and checked, at once; large ones when their tensors are asked for. */
export async function bundleFiles(
  source: FileSource,
  bundle: Bundle,
  options: Omit<ReadOptions, 'expect'> = {},
): Promise<ModelFiles> {
  const role = (name: string): readonly BundleFile[] => bundle.manifest.files.filter((f) => f.role === name);
  const listed = role('weights');
  if (listed.length === 0) throw new VitrineError('bad-file', `the manifest of ${bundle.id} lists no weights`);
  const weights: RandomAccessFile[] = [];
  let before = 0;
  for (const file of listed) {
    const onBytes = (done: number): void => options.onBytes?.(before + done, null);
    weights.push(await openFile(source, bundle.file(file.path), file, { ...options, onBytes }));
    before += file.bytes;
  }
  const json = async (name: string): Promise<unknown> => {
    const [file] = role(name);
    if (!file) return null;
    const path = bundle.file(file.path);
    return parseJson(await readChecked(source, path, file, options.signal ? { signal: options.signal } : {}), path);
  };
  return {
    id: bundle.id,
    weights,
    config: async () => bundle.manifest.config,
    tokenizer: () => json('tokenizer'),
    tokenizerConfig: async () =>
      withChatTemplates((await json('tokenizer-config')) as JsonObject | null, role('chat-template'), (file) =>
        readChecked(source, bundle.file(file.path), file, options.signal ? { signal: options.signal } : {}),
      ),
    digest: await digestOf(listed),
  };
}

/** That of the weight file; of several ones, the digest of their digests in the manifest's order. */
async function digestOf(files: readonly BundleFile[]): Promise<string> {
  const [first, ...rest] = files;
  if (first && rest.length === 0) return first.sha256;
  return sha256(new TextEncoder().encode(files.map((f) => f.sha256).join('\n')));
}
