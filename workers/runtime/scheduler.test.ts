import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isTerminal,
  type Event,
  type Priority,
  type Result,
  type SpecHash,
  type Terminal,
} from '../../core/protocol/messages.ts';
import { Cancelled, VitrineError } from '../../core/protocol/errors.ts';
import { createMacrotask } from './macrotask.ts';
import { Scheduler, type Clock, type Job, type Task } from './scheduler.ts';

const result = (id: string): Result => ({
  type: 'result',
  id,
  specHash: '' as SpecHash,
  provenance: {} as Result['provenance'],
  payload: id,
});

/** Time that only moves when told to, with real macrotasks. */
function testClock(): Clock & { advance(ms: number): void; yields: number } {
  let time = 0;
  const macrotask = createMacrotask();
  const clock = {
    yields: 0,
    now: () => time,
    advance: (ms: number) => void (time += ms),
    macrotask: () => {
      clock.yields++;
      return macrotask();
    },
  };
  return clock;
}

function setup(): { events: Event[]; scheduler: Scheduler; clock: ReturnType<typeof testClock> } {
  const events: Event[] = [];
  const clock = testClock();
  return { events, clock, scheduler: new Scheduler((event) => events.push(event), clock) };
}
const idle = async (scheduler: Scheduler): Promise<void> => {
  const macrotask = createMacrotask();
  while (scheduler.pending.length > 0) await macrotask();
};
const terminal = (events: readonly Event[]): Terminal[] => events.filter(isTerminal);
const job = (
  id: string,
  work: (task: Task) => Promise<void> = () => Promise.resolve(),
  options: { slot?: string; priority?: Priority } = {},
): Job => ({ id, priority: 'interactive', ...options, work: (task) => work(task).then(() => result(id)) });

describe('scheduler', () => {
  it('runs interactive jobs before background ones, and each kind in order of arrival', async () => {
    const { events, scheduler } = setup();
    scheduler.submit(job('first'));
    for (const [id, priority] of [
      ['b1', 'background'],
      ['i1', 'interactive'],
      ['b2', 'background'],
      ['i2', 'interactive'],
    ] as const)
      scheduler.submit(job(id, undefined, { priority }));
    await idle(scheduler);
    expect(terminal(events).map((e) => e.id)).toEqual(['first', 'i1', 'i2', 'b1', 'b2']);
  });

  it('never runs two jobs at once, even when one is submitted between two others', async () => {
    const { events, scheduler } = setup();
    const macrotask = createMacrotask();
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await macrotask();
      inside--;
    };
    for (let i = 0; i < 20; i++) {
      scheduler.submit(job(`j${i}`, work));
      if (i % 3 === 0) await macrotask();
    }
    await idle(scheduler);
    expect(most).toBe(1);
    expect(terminal(events)).toHaveLength(20);
  });

  it('lets the running job of a slot end, keeps one waiting and supersedes the others', async () => {
    const { events, scheduler } = setup();
    const slot = 'steer:1';
    for (const id of ['a', 'b', 'c', 'd']) scheduler.submit(job(id, undefined, { slot }));
    scheduler.submit(job('other'));
    await idle(scheduler);
    expect(terminal(events).map((e) => `${e.id} ${e.type}`)).toEqual([
      'b cancelled',
      'c cancelled',
      'a result',
      'd result',
      'other result',
    ]);
    expect(events).toContainEqual({ type: 'cancelled', id: 'b', reason: 'superseded' });
  });

  it('does not starve a slider that moves faster than a run takes', async () => {
    const { events, scheduler } = setup();
    const macrotask = createMacrotask();
    const work = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) await macrotask();
    };
    for (let i = 0; i < 100; i++) {
      scheduler.submit(job(`s${i}`, work, { slot: 'slider' }));
      await macrotask();
    }
    await idle(scheduler);
    const done = terminal(events).filter((e) => e.type === 'result');
    expect(done.length).toBeGreaterThan(10);
    expect(done.at(-1)?.id).toBe('s99');
  });

  it('cancels a running job at its next checkpoint and a waiting one at once', async () => {
    const { events, scheduler, clock } = setup();
    let passed = 0;
    scheduler.submit(
      job('running', async (task) => {
        for (;;) {
          clock.advance(10);
          await task.checkpoint();
          passed++;
          if (passed === 3) scheduler.cancel('running');
        }
      }),
    );
    scheduler.submit(job('waiting'));
    scheduler.cancel('waiting');
    expect(terminal(events)).toEqual([{ type: 'cancelled', id: 'waiting', reason: 'asked' }]);
    await idle(scheduler);
    expect(passed).toBe(3);
    expect(terminal(events).map((e) => `${e.id} ${e.type}`)).toEqual(['waiting cancelled', 'running cancelled']);
  });

  it('lets a message in between two checkpoints that are more than 8 ms apart, and only then', async () => {
    const { scheduler, clock } = setup();
    const { port1, port2 } = new MessageChannel();
    let arrived = false;
    port1.onmessage = () => (arrived = true);
    let before = true;
    let after = false;
    let yields = -1;
    scheduler.submit(
      job('j', async (task) => {
        clock.advance(100);
        await task.checkpoint();
        const base = clock.yields;
        port2.postMessage(null);
        for (let i = 0; i < 1000; i++) await task.checkpoint();
        before = arrived;
        yields = clock.yields - base;
        clock.advance(8);
        await task.checkpoint();
        after = arrived;
      }),
    );
    await idle(scheduler);
    port1.close();
    expect({ before, after, yields }).toEqual({ before: false, after: true, yields: 0 });
  });

  it('turns errors into failed events, and reports a cancelled job as cancelled even when it fails or ends first', async () => {
    const { events, scheduler } = setup();
    scheduler.submit(job('coded', () => Promise.reject(new VitrineError('unknown-hook', 'no such hook'))));
    scheduler.submit(job('bug', () => Promise.reject(new TypeError('oops'))));
    scheduler.submit(
      job('fails', () => {
        scheduler.cancel('fails');
        return Promise.reject(new Error('aborted fetch'));
      }),
    );
    scheduler.submit(job('ends', () => Promise.resolve(scheduler.cancel('ends'))));
    scheduler.submit(job('gives-up', () => Promise.reject(new Cancelled())));
    await idle(scheduler);
    const [coded, bug, ...rest] = terminal(events);
    expect(coded).toMatchObject({ type: 'failed', error: { code: 'unknown-hook', retryable: false } });
    expect(bug).toMatchObject({ type: 'failed', error: { code: 'internal', message: 'oops' } });
    expect(rest.map((e) => `${e.id} ${e.type}`)).toEqual(['fails cancelled', 'ends cancelled', 'gives-up cancelled']);
  });

  it('numbers chunks from 0 within each job, and posts none after cancellation', async () => {
    const { events, scheduler } = setup();
    const work = (task: Task): Promise<void> => {
      task.chunk('x');
      task.chunk('y');
      scheduler.cancel(task.id);
      task.chunk('z');
      return Promise.resolve();
    };
    scheduler.submit(job('a', work));
    scheduler.submit(job('b', work));
    await idle(scheduler);
    const chunks = events.filter((e) => e.type === 'chunk');
    expect(chunks.map((e) => `${e.id}${e.seq}`)).toEqual(['a0', 'a1', 'b0', 'b1']);
  });

  it('refuses work when too much waits', async () => {
    const { events, scheduler } = setup();
    for (let i = 0; i < 300; i++) scheduler.submit(job(`j${i}`));
    expect(terminal(events).every((e) => e.type === 'failed' && e.error.code === 'busy')).toBe(true);
    expect(terminal(events).length).toBeGreaterThan(0);
    await idle(scheduler);
    expect(terminal(events)).toHaveLength(300);
  });
});

type Action =
  | {
      readonly do: 'run';
      readonly slot: number;
      readonly priority: Priority;
      readonly steps: number;
      readonly ends: 'well' | 'badly';
    }
  | { readonly do: 'again'; readonly of: number }
  | { readonly do: 'cancel'; readonly of: number }
  | { readonly do: 'wait'; readonly macrotasks: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constant('run' as const),
    slot: fc.integer({ min: 0, max: 3 }),
    priority: fc.constantFrom<Priority>('interactive', 'background'),
    steps: fc.integer({ min: 0, max: 4 }),
    ends: fc.constantFrom<'well' | 'badly'>('well', 'badly'),
  }),
  fc.record({ do: fc.constant('again' as const), of: fc.nat(30) }),
  fc.record({ do: fc.constant('cancel' as const), of: fc.nat(30) }),
  fc.record({ do: fc.constant('wait' as const), macrotasks: fc.integer({ min: 1, max: 5 }) }),
);

describe('scheduler, any interleaving', () => {
  it('posts exactly one terminal event per id, after that nothing, and numbers chunks without gaps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const { events, scheduler, clock } = setup();
        const macrotask = createMacrotask();
        const ids: string[] = [];
        const submit = (id: string, a: Action & { do: 'run' }): void =>
          scheduler.submit({
            id,
            priority: a.priority,
            ...(a.slot === 0 ? {} : { slot: `slot ${a.slot}` }),
            work: async (task) => {
              for (let i = 0; i < a.steps; i++) {
                clock.advance(5);
                await task.checkpoint();
                task.chunk(i);
              }
              if (a.ends === 'badly') throw new Error('lab');
              return result(id);
            },
          });
        for (const a of actions) {
          if (a.do === 'run') {
            ids.push(`r${ids.length}`);
            submit(ids.at(-1) ?? '', a);
          } else if (a.do === 'again') {
            const id = ids[a.of];
            if (id !== undefined) submit(id, { do: 'run', slot: 0, priority: 'interactive', steps: 1, ends: 'well' });
          } else if (a.do === 'cancel') scheduler.cancel(ids[a.of] ?? 'nobody');
          else for (let i = 0; i < a.macrotasks; i++) await macrotask();
        }
        await idle(scheduler);
        expect(
          terminal(events)
            .map((e) => e.id)
            .sort(),
        ).toEqual([...ids].sort());
        for (const id of ids) {
          const own = events.filter((e) => 'id' in e && e.id === id);
          expect(isTerminal(own.at(-1)!)).toBe(true);
          const seqs = own.filter((e) => e.type === 'chunk').map((e) => e.seq);
          expect(seqs).toEqual(seqs.map((_, i) => i));
        }
      }),
      { numRuns: 300 },
    );
  });
});
