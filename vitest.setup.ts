import fc from 'fast-check';

// The same cases on every run, so that a red suite means a change of ours; FC_SEED=<n> looks at others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 1) });
