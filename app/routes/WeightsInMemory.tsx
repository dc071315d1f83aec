import { useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { heldAs, type HeldAs, type HubNeeds } from '../../core/files/hub.ts';
import type { Quantization } from '../../core/model-config.ts';
import { engineHost } from '../shell/app.ts';
import { megabytes } from '../shell/format.ts';
import { bytesFor, whyNot } from '../state/fit.ts';
import { Select } from '../ui/Field.tsx';

/** How a model would be held in memory here. */
export interface Held {
  readonly as: HeldAs;
  /** On the engine that runs. */
  readonly bytes: number;
  /** Why this device cannot run it so; null where it can. */
  readonly why: string | null;
  readonly choose: (quantization: Quantization) => void;
}

/** @param asked what a link was made with. Unless that or the reader chooses, 8 bits, or what this device can run where that is too much for it. Null while needs are not known. */
export function useHeld(needs: HubNeeds | null, asked?: Quantization): Held | null {
  const info = useStore(engineHost.store, ({ status }) => (status.state === 'ready' ? status.info : null));
  const [chosen, choose] = useState<Quantization | undefined>();
  if (!needs) return null;
  const able = needs.held.filter(({ bytes }) => whyNot(bytes, info) === null).map(({ quantization }) => quantization);
  const as = heldAs(needs, chosen ?? able.find((quantization) => quantization === asked) ?? able[0]);
  return { as, bytes: bytesFor(as.bytes, info), why: whyNot(as.bytes, info), choose };
}

export interface WeightsInMemoryProps {
  readonly needs: HubNeeds;
  readonly held: Held;
}

/** The ways in which a model can be held, where there are several. */
export function WeightsInMemory({ needs, held }: WeightsInMemoryProps): ReactElement | null {
  const info = useStore(engineHost.store, ({ status }) => (status.state === 'ready' ? status.info : null));
  if (needs.held.length < 2) return null;
  return (
    <Select
      label="Weights in memory"
      value={held.as.quantization}
      options={needs.held.map(({ quantization, bytes }) => ({
        value: quantization,
        label: `${HOLDS[quantization]}, ${megabytes(bytesFor(bytes, info))}${whyNot(bytes, info) === null ? '' : ', too large here'}`,
      }))}
      onChange={held.choose}
    />
  );
}

const HOLDS: Readonly<Record<Quantization, string>> = {
  f32: 'as stored',
  int8: '8 bits each',
  int4: '4 bits each',
  gguf: 'as stored',
};
