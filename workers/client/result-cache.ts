import { transferables } from '../../core/protocol/wire-tensor.ts';
import { canonicalJson } from '../../core/spec/json.ts';
import type { ExperimentSpec } from '../../core/spec/schema.ts';
import type { EngineAnswer } from './engine.ts';

/** Equal for specs that differ only in `view`. */
export function cacheKey({ view: _view, ...science }: ExperimentSpec): string {
  return canonicalJson(science);
}

/** Answers of this session, least recently used dropped first once their arrays weigh more than the budget. */
export class ResultCache {
  readonly #budget: number;
  readonly #answers = new Map<string, { readonly answer: EngineAnswer; readonly bytes: number }>();
  #bytes = 0;

  /** @param budget bytes of arrays kept */
  constructor(budget: number) {
    this.#budget = budget;
  }

  get(key: string): EngineAnswer | undefined {
    const found = this.#answers.get(key);
    if (!found) return undefined;
    this.#answers.delete(key);
    this.#answers.set(key, found);
    return found.answer;
  }

  set(key: string, answer: EngineAnswer): void {
    this.#drop(key);
    const bytes = 1_000 + transferables(answer.payload).reduce((sum, buffer) => sum + buffer.byteLength, 0);
    if (bytes > this.#budget) return;
    this.#answers.set(key, { answer: { ...answer, cached: true }, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= this.#budget) break;
      this.#drop(oldest);
    }
  }

  dropWhere(unwanted: (answer: EngineAnswer) => boolean): void {
    for (const [key, { answer }] of this.#answers) if (unwanted(answer)) this.#drop(key);
  }

  #drop(key: string): void {
    this.#bytes -= this.#answers.get(key)?.bytes ?? 0;
    this.#answers.delete(key);
  }
}
