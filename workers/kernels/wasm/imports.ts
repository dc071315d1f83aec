/** What the kernels' module imports. */
export function kernelImports(memory: WebAssembly.Memory): WebAssembly.Imports {
  const nap = (at: number, expected: number, ms: number): void =>
    void Atomics.wait(new Int32Array(memory.buffer), at >> 2, expected, ms < 0 ? Infinity : ms);
  // The compiler names the module of a declared function after its file.
  return { env: { memory, abort: () => undefined }, index: { nap } };
}
