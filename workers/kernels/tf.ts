/**
 * The one import of tfjs: core with all gradients. Backends register themselves in `runtime/device.ts`.
 * Core comes first: tfjs registers some gradients twice, and then looks at a flag that core sets up.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';

export { tf };
export type Tensor = tf.Tensor;
