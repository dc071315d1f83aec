/** A model's tokenizer on the page, for what is shown without an engine. Large: imported when it is needed. */
export { createTokenizer } from '../tokenizer/tokenizer.ts';
