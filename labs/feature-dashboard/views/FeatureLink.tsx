import type { MouseEvent, ReactElement, ReactNode } from 'react';
import { clearFocus, setFocus } from '../../../app/state/focus.ts';
import type { FeatureContext } from './panel.tsx';

export interface FeatureLinkProps {
  readonly context: FeatureContext;
  readonly feature: number;
  readonly sae?: string;
  readonly children?: ReactNode;
  readonly className?: string | undefined;
  readonly label?: string;
}

/** A link to another dashboard. A plain press goes there in place, so that the text under test comes along; others open as links do. */
export function FeatureLink({ context, feature, sae, children, className, label }: FeatureLinkProps): ReactElement {
  const onClick = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    context.go(feature, sae);
  };
  return (
    <a
      href={context.href(feature, sae)}
      className={className}
      aria-label={label}
      onClick={onClick}
      onMouseEnter={() => setFocus({ sae: sae ?? context.sae, feature })}
      onMouseLeave={clearFocus}
    >
      {children ?? feature}
    </a>
  );
}
