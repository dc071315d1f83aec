import { CHAT_TEMPLATE, PROCESSOR_TEMPLATE, templateName } from '../../core/files/checkpoint.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { JsonObject } from '../model/families/index.ts';
import { parseJson } from './catalogue.ts';

const MAX_BYTES = 4 * 2 ** 20;

/**
 * tokenizer_config.json with the chat templates that lie beside it, in the precedence of transformers: where there are .jinja
 * files, only they count, chat_template.jinja as the default and those of additional_chat_templates/ by their names; else what
 * tokenizer_config.json holds; else chat_template.json, which in transformers the processor of the model reads.
 * @param config null: there is no tokenizer_config.json
 * @param files  others than `isChatTemplate` are passed over
 * @throws `bad-file` where one of those that count is too large, no UTF-8 or, of JSON, without a template
 */
export async function withChatTemplates<File extends { readonly path: string; readonly bytes: number }>(
  config: JsonObject | null,
  files: readonly File[],
  read: (file: File) => Promise<Uint8Array>,
): Promise<JsonObject | null> {
  const bytesOf = (file: File): Promise<Uint8Array> => {
    if (file.bytes > MAX_BYTES) throw new VitrineError('bad-file', `${file.path} is too large for a chat template`);
    return read(file);
  };
  const jinja = new Map<string, string>();
  // One that is named `default` stands for chat_template.jinja.
  const others = files.filter(({ path }) => templateName(path) !== null);
  for (const file of [...files.filter(({ path }) => path === CHAT_TEMPLATE), ...others])
    jinja.set(templateName(file.path) ?? 'default', textOf(await bytesOf(file), file.path));
  if (jinja.size > 0) return { ...config, chat_template: [...jinja].map(([name, template]) => ({ name, template })) };
  const [other] = files.filter(({ path }) => path === PROCESSOR_TEMPLATE);
  if (!other || (config?.['chat_template'] ?? null) !== null) return config;
  const json = parseJson(await bytesOf(other), other.path);
  const template = typeof json === 'object' && json !== null && 'chat_template' in json ? json.chat_template : null;
  if (typeof template !== 'string') throw new VitrineError('bad-file', `${other.path} holds no chat template`);
  return { ...config, chat_template: template };
}

/** As Python reads a text file: every kind of line end becomes one, and a byte order mark stays. */
function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r\n?/g, '\n');
  } catch (cause) {
    throw new VitrineError('bad-file', `${path} is not a text in UTF-8`, { cause });
  }
}
