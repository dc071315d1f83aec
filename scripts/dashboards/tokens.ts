import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusDocument } from '../../core/dashboards/corpus.ts';
import type { DashboardIndex } from '../../core/dashboards/files.ts';
import { decodeShard } from '../../core/dashboards/shard.ts';
import { encodeTokenIndex, firingTokens, type TokenIndex } from '../../core/dashboards/tokens.ts';
import { createTokenizer } from '../../workers/tokenizer/tokenizer.ts';

/** On which tokens the features of these dictionaries fire, read from their stored examples: no model runs. */
export function makeTokenIndex(site: string, model: string, made: readonly DashboardIndex[]): Uint8Array<ArrayBuffer> | null {
  const [first] = made;
  if (!first) return null;
  const { seed, shares } = first.corpus;
  const json = (name: string): unknown => JSON.parse(readFileSync(join(site, 'models', model, name), 'utf8'));
  const tokenizer = createTokenizer(json('tokenizer.json'), json('tokenizer_config.json'));
  const documents = new Map<number, Int32Array>();
  const places = new Map<number, number>();
  const texts: string[] = [];
  const tokenAt = (document: number, position: number): number => {
    const ids = documents.get(document) ?? Int32Array.from(tokenizer.encode(corpusDocument(seed, document, shares).text));
    documents.set(document, ids);
    const id = ids[position] ?? 0;
    const known = places.get(id);
    if (known !== undefined) return known;
    places.set(id, texts.length);
    return texts.push(tokenizer.token(id).text) - 1;
  };
  const saes = made.map((index): TokenIndex['saes'][number] => ({
    id: index.sae.id,
    digest: index.sae.digest,
    features: index.shards.flatMap(({ path }) =>
      decodeShard(readFileSync(join(site, path)), index).map((record) => firingTokens(record, tokenAt)),
    ),
  }));
  return encodeTokenIndex({ model: { id: model, digest: first.model.digest }, texts, saes });
}
