/** The one import of tfjs: core with all gradients. Backends register themselves in `runtime/device.ts`. */
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';

export { tf };
export type Tensor = tf.Tensor;
