/** The chat template of plain chats, in a file of its own. */
export const CHAT_TEMPLATE = 'chat_template.jinja';
/** What older repositories of models that see or hear have instead. */
export const PROCESSOR_TEMPLATE = 'chat_template.json';
const NAMED_TEMPLATE = /^additional_chat_templates\/([^/]+)\.jinja$/;

/** The name of a chat template among several; null for any other file. */
export const templateName = (path: string): string | null => NAMED_TEMPLATE.exec(path)?.[1] ?? null;

/** Whether a path, within its repository or folder, is that of a chat template beside tokenizer_config.json. */
export const isChatTemplate = (path: string): boolean =>
  path === CHAT_TEMPLATE || path === PROCESSOR_TEMPLATE || templateName(path) !== null;

/** Whether transformers itself gives weights this name; other .safetensors files of a repository are adapters and the like. */
export const isOwnWeights = (path: string): boolean => /^model(?:-\d{5,6}-of-\d{5,6})?\.safetensors$/.test(path);

export const isWeights = (name: string): boolean => /\.(?:safetensors|gguf)$/i.test(name);

/**
 * The checkpoint in a folder: what lies in it, and its chat templates. Of several weights those by transformers' own names, since
 * others are adapters and copies in other formats.
 * @param files by their path, which begins with the folder's name
 * @returns the files by their path within the folder, and its name
 */
export function checkpointIn<File extends { readonly name: string }>(
  files: readonly File[],
): { readonly files: readonly File[]; readonly name: string } {
  const [name = ''] = files[0]?.name.split('/') ?? [];
  const inside = files
    .map((file) => ({ ...file, name: file.name.slice(file.name.indexOf('/') + 1) }))
    .filter((file) => !file.name.includes('/') || isChatTemplate(file.name));
  const own = inside.some((file) => isOwnWeights(file.name));
  return { files: inside.filter((file) => !own || isOwnWeights(file.name) || !isWeights(file.name)), name };
}

/** What a model in some files is called: by its weights. */
export function nameOfFiles(files: readonly { readonly name: string }[]): string {
  const { name = 'files' } = files.find((file) => isWeights(file.name)) ?? files[0] ?? {};
  return name.replace(/\.\w+$/, '').replace(/-00001-of-\d{5}$/, '');
}

/** `local:<name>`, in the letters that an id may have. */
export function localId(name: string): string {
  const letters = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 80);
  return `local:${letters || 'files'}`;
}
