import { tf } from '../kernels/index.ts';
import type { SaeArchitecture } from './architecture.ts';
import { thresholded } from './jumprelu.ts';

/** f = ReLU(x W_enc + b_enc), trained with an L1 penalty: magnitudes are shrunk. Source: SAELens' `StandardSAE`. */
export const standard: SaeArchitecture = {
  name: 'standard',
  load: (loader, config) => thresholded(loader, config, tf.keep(tf.zeros([config.dSae]))),
};
