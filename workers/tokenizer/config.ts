import { VitrineError } from '../../core/protocol/errors.ts';

type Json = Readonly<Record<string, unknown>>;
const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x);

type Specials = ReadonlyMap<string, { readonly id: number; readonly content: string }>;

const NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const;

/** What GPT-2's own tokenizer class takes for BOS, EOS and unknown where tokenizer_config.json says nothing. */
const GPT2_END = '<|endoftext|>';
const GPT2_CLASSES: readonly unknown[] = [
  undefined,
  'GPT2Tokenizer',
  'GPT2TokenizerFast',
  'GPTNeoXTokenizer',
  'GPTNeoXTokenizerFast',
];

/** The special tokens that tokenizer_config.json names, as far as the vocabulary has them. */
export function specialTokens(config: Json, ids: ReadonlyMap<string, number>): Specials {
  const found = new Map<string, { id: number; content: string }>();
  for (const name of NAMES) {
    const value = isObject(config[name]) ? config[name]['content'] : config[name];
    const fallback = value === undefined && GPT2_CLASSES.includes(config['tokenizer_class']) && /^(bos|eos|unk)/.test(name);
    const content = fallback ? GPT2_END : value;
    const id = typeof content === 'string' ? ids.get(content) : undefined;
    if (typeof content === 'string' && id !== undefined) found.set(name, { id, content });
  }
  return found;
}

/**
 * Whether prompts begin with BOS: as `add_bos_token` says; else as the post-processor does it (Llama 3, Gemma); else, as in
 * TransformerLens, where the model has a BOS that also ends texts (GPT-2), but not for Pythia, and not where BOS opens a turn of a
 * chat (SmolLM2).
 */
export function prependsBos(config: Json, postProcessor: unknown, specials: Specials): boolean {
  const bos = specials.get('bos_token');
  if (!bos) return false;
  if (typeof config['add_bos_token'] === 'boolean') return config['add_bos_token'];
  const template = templateOf(postProcessor);
  if (template)
    return isObject(template[0]) && isObject(template[0]['SpecialToken']) && template[0]['SpecialToken']['id'] === bos.content;
  if (String(config['tokenizer_class']).startsWith('GPTNeoX')) return false;
  return bos.id === specials.get('eos_token')?.id;
}

/** The template of one text, of a `TemplateProcessing` post-processor. */
function templateOf(node: unknown): readonly unknown[] | null {
  if (!isObject(node)) return null;
  if (node['type'] === 'TemplateProcessing') return Array.isArray(node['single']) ? node['single'] : null;
  const inner: unknown = node['processors'];
  if (!Array.isArray(inner)) return null;
  for (const step of inner) {
    const found = templateOf(step);
    if (found) return found;
  }
  return null;
}

/** The template for plain chats: the only one, or the one named `default`; null where all of them are for something else. */
export function chatTemplateOf(config: Json): string | null {
  const { chat_template: template } = config;
  if (template === undefined || template === null) return null;
  if (typeof template === 'string') return template;
  if (!Array.isArray(template) || !template.every((one) => isObject(one) && typeof one['template'] === 'string'))
    throw new VitrineError('bad-file', 'tokenizer_config.json: the chat template is neither a text nor a list of named ones');
  const found: unknown = template.filter(isObject).find(({ name }) => name === 'default')?.['template'];
  return typeof found === 'string' ? found : null;
}
