import { expect, it } from 'vitest';
import type { Memory, Result } from '../../core/protocol/messages.ts';
import type { WireTensor } from '../../core/protocol/wire-tensor.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { specOf } from '../testing/test-labs.ts';
import { TINY, tinySite } from '../testing/tiny-bundle.ts';

describeBackends(
  'a device that is really lost',
  () => {
    it('comes back with what was in memory and gives the same bits; the second time it stays away', async () => {
      const { HELLO, run, testHost } = await import('../testing/test-host.ts');
      const { webgpuBackend } = await import('../kernels/webgpu/dispatch.ts');
      const complaints: string[] = [];
      const h = testHost(await tinySite(), { onDeviceError: (message) => complaints.push(message) });
      const logits = (event: unknown): Float32Array =>
        new Float32Array(((event as Result).payload as { logits: WireTensor }).logits.data);
      const memory = (): Memory => h.events.filter((e) => e.type === 'memory').at(-1)!;
      expect(await h.ask({ ...HELLO, backend: 'webgpu' })).toMatchObject({ type: 'ready', backend: 'webgpu' });
      const before = await h.ask(run('before', specOf('numbers')));
      expect(before).toMatchObject({ type: 'result' });
      const { tensors } = memory();

      h.send(run('hit', specOf('endless')));
      h.send(run('waiting', specOf('numbers')));
      await h.until(() => h.events.some((e) => e.type === 'chunk' && e.id === 'hit'));
      webgpuBackend().device.destroy();
      expect(await h.ended('hit')).toMatchObject({ type: 'failed', error: { code: 'device-lost', retryable: true } });
      expect(logits(await h.ended('waiting'))).toEqual(logits(before));
      expect(memory()).toMatchObject({ models: [{ id: 'tiny' }], saes: [{ id: `tiny/${TINY.hook}` }], tensors });

      webgpuBackend().device.destroy();
      await h.until(() => h.events.some((e) => e.type === 'device-lost' && !e.recovering));
      expect(await h.ask(run('after', specOf('quick')))).toMatchObject({ type: 'failed', error: { code: 'device-lost' } });
      expect(complaints).toEqual([]);
      await h.host.dispose();
    }, 240_000);
  },
  ['webgpu'],
);
