import type { ReactElement } from 'react';
import { closeDialog, type DialogName } from './dialogs.ts';
import { ExplainSheet } from './ExplainSheet.tsx';
import { KeysDialog } from './KeysDialog.tsx';
import { ModelSheet } from './ModelSheet.tsx';
import { Palette } from './Palette.tsx';
import { ProvenanceSheet } from './ProvenanceSheet.tsx';
import { ShareDialog } from './ShareDialog.tsx';
import { labOnScreen } from './shortcuts.ts';

/** Everything that lies over the page; its code comes when the first of them is opened. */
export default function Dialogs({ name }: { readonly name: DialogName }): ReactElement | null {
  const lab = labOnScreen();
  switch (name) {
    case 'palette':
      return <Palette onClose={closeDialog} />;
    case 'model':
      return <ModelSheet onClose={closeDialog} />;
    case 'keys':
      return <KeysDialog onClose={closeDialog} />;
    case 'share':
      return lab === null ? null : <ShareDialog lab={lab} onClose={closeDialog} />;
    case 'explain':
      return lab === null ? null : <ExplainSheet lab={lab} onClose={closeDialog} />;
    case 'provenance':
      return lab === null ? null : <ProvenanceSheet lab={lab} onClose={closeDialog} />;
  }
}
