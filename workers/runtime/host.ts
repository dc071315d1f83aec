import type { Host, HostEnvironment, Post } from './environment.ts';

export type { Host, HostEnvironment, LabModule, Post } from './environment.ts';

/** The engine's message handler, see `Host`. */
export function createHost(_post: Post, _environment: HostEnvironment): Host {
  throw new Error('being written');
}
