/** Measures `smollm-shape.ts` in a worker of a page. */
import { answer } from './answer.ts';
import { measureShape } from './smollm-shape.ts';
import { wasmDevice } from './wasm-paths.ts';

answer(({ threads }: { readonly threads: number }) => measureShape('wasm', wasmDevice(threads)));
