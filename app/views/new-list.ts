import { onDemand, type OnDemand } from '../ui/on-demand.ts';
import type { NewListDialogProps } from './NewListDialog.tsx';

/** The window that asks for the name of a list; its code comes when one is to be made. */
export const NewListDialog: OnDemand<NewListDialogProps> = onDemand(() =>
  import('./NewListDialog.tsx').then((module) => module.NewListDialog),
);
