import { use, Suspense, type ReactElement } from 'react';
import { Sheet } from '../ui/Dialog.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { Markdown } from '../ui/Markdown.tsx';
import { experiments } from './app.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { forgetFailedLoads, loadReadme } from './labs.ts';

/** What a lab measures, what it does not show, and the papers it follows. */
export function ExplainSheet({ lab, onClose }: { readonly lab: string; readonly onClose: () => void }): ReactElement {
  return (
    <Sheet title={`${experiments.definition(lab)?.title ?? 'This lab'}, explained`} isOpen onClose={onClose}>
      <ErrorBoundary what="The explanation" onRetry={forgetFailedLoads}>
        <Suspense fallback={<Skeleton height="320px" label="Loading the explanation" />}>
          <Readme lab={lab} />
        </Suspense>
      </ErrorBoundary>
    </Sheet>
  );
}

function Readme({ lab }: { readonly lab: string }): ReactElement {
  // The sheet has the title already.
  const text = use(loadReadme(lab)).replace(/^# .*\n/, '');
  return <Markdown text={text} />;
}
