export type WebGpuStatus =
  { readonly kind: 'hardware' | 'software'; readonly name: string } | { readonly kind: 'none'; readonly why: string };

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

export async function requestAdapter(): Promise<GPUAdapter | null> {
  const gpu = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  return (await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)) ?? null;
}

export function describe(adapter: GPUAdapter): { name: string; software: boolean } {
  const { vendor, architecture, device, description } = adapter.info;
  const name = [description || device || vendor, architecture].filter(Boolean).join(' · ') || 'an unnamed adapter';
  const fallback = (adapter.info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  return { name, software: fallback || SOFTWARE.test(`${vendor} ${architecture} ${device} ${description}`) };
}

/** What WebGPU this browser has, without opening a device. */
export async function webGpuStatus(): Promise<WebGpuStatus> {
  if (!(globalThis.navigator as Partial<Navigator> | undefined)?.gpu)
    return { kind: 'none', why: 'the browser does not offer it' };
  const adapter = await requestAdapter();
  if (!adapter) return { kind: 'none', why: 'the browser found no graphics adapter' };
  const { name, software } = describe(adapter);
  return software ? { kind: 'software', name } : { kind: 'hardware', name };
}
