import { afterEach, expect, it, vi } from 'vitest';
import { describeBackends } from '../../testing/node-backends.ts';
import { deviceInfo } from '../../runtime/device.ts';
import { tf } from '../tf.ts';
import { matmulChoice } from './choice.ts';
import { keptChoice, tuneMatmul } from './tuning.ts';

describeBackends(
  'choice of shaders',
  () => {
    afterEach(() => vi.unstubAllGlobals());

    it('a software adapter takes the plain ones without measuring', () => {
      expect(deviceInfo()?.software).toBe(true);
      expect(matmulChoice()).toEqual({ few: 'flat', many: 'flat' });
    });

    it('measures those that the device can run, and leaves nothing behind', async () => {
      const before = tf.memory().numTensors;
      const { few, many } = await tuneMatmul({ features: [], limits: {} });
      expect(['flat', 'gemv-8', 'gemv-32']).toContain(few);
      expect(['flat', 'gemm-32']).toContain(many);
      expect(matmulChoice()).toEqual({ few: 'flat', many: 'flat' });
      expect(tf.memory().numTensors).toBe(before);
    });

    it('keeps what it measured for a kind of adapter', async () => {
      const kept = new Map<string, string>();
      vi.stubGlobal('caches', {
        open: async () => ({
          match: async (at: string) => (kept.has(at) ? new Response(kept.get(at)) : undefined),
          put: async (at: string, response: Response) => void kept.set(at, await response.text()),
        }),
      });
      const device = { features: ['subgroups'], limits: { maxBufferSize: 1 } };
      const first = await keptChoice({ vendor: 'v', architecture: 'a' }, device);
      expect([...kept.values()]).toEqual([JSON.stringify(first)]);
      kept.set([...kept.keys()][0]!, JSON.stringify({ few: 'subgroup', many: 'gemm-64' }));
      expect(await keptChoice({ vendor: 'v', architecture: 'a' }, device)).toEqual({ few: 'subgroup', many: 'gemm-64' });
      // Another browser on the same card may lack subgroups.
      expect((await keptChoice({ vendor: 'v', architecture: 'a' }, { features: [], limits: {} })).few).not.toBe('subgroup');
      expect(kept.size).toBe(2);
      // Browsers that do not say what the adapter is measure once, too.
      const unnamed = await keptChoice({ vendor: '', architecture: '' }, device);
      expect(kept.size).toBe(3);
      kept.set([...kept.keys()][2]!, JSON.stringify({ few: 'gemv-8', many: 'gemm-64' }));
      expect(await keptChoice({ vendor: '', architecture: '' }, device)).toEqual({ few: 'gemv-8', many: 'gemm-64' });
      expect(['flat', 'gemv-8', 'gemv-32', 'subgroup']).toContain(unnamed.few);
    });
  },
  ['webgpu'],
);
