import { lazy, Suspense, useEffect, useRef, type ReactElement } from 'react';
import { EmbedPage } from '../routes/EmbedPage.tsx';
import { LabPage } from '../routes/LabPage.tsx';
import { FEATURE_LAB } from '../../core/share/feature-address.ts';
import { HOME_LAB, isEmbed, type Place, type WholePlace } from '../state/address.ts';
import { catalogue, engineHost, experiments, preferences } from './app.ts';
import { useOpenDialog } from './dialogs.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import styles from './Shell.module.css';
import { acceptDroppedFiles } from './open-file.ts';
import { listenToKeys } from './shortcuts.ts';
import { sayEngineNews } from './engine-news.ts';
import { Toasts } from './Toasts.tsx';
import { TopBar } from './TopBar.tsx';
import { usePlace } from './use-place.ts';

const Dialogs = lazy(() => import('./Dialogs.tsx'));
const FeaturePage = lazy(() => import('../routes/FeaturePage.tsx'));
const FeaturesPage = lazy(() => import('../routes/FeaturesPage.tsx'));
const ListsPage = lazy(() => import('../routes/ListsPage.tsx'));
const ListPage = lazy(() => import('../routes/ListPage.tsx'));
const ModelsPage = lazy(() => import('../routes/ModelsPage.tsx'));
const ModelPage = lazy(() => import('../routes/ModelPage.tsx'));
const UnknownPage = lazy(() => import('../routes/UnknownPage.tsx'));

/** The page: its bar, one route, and what lies over it. */
export function Shell(): ReactElement {
  const place = usePlace();
  const dialog = useOpenDialog();
  const whole = !isEmbed(place);
  useEffect(() => listenToKeys(whole), [whole]);
  // Dropped on an embed, a file would make a whole app of it.
  useEffect(() => (whole ? acceptDroppedFiles() : undefined), [whole]);
  useEffect(() => sayEngineNews(engineHost.store), []);
  useEffect(() => {
    if (whole) void catalogue.load();
  }, [whole]);
  useTitle(place);
  const lab = place.page === 'lab' ? place.lab : null;
  useEffect(() => {
    if (lab !== null && lab !== FEATURE_LAB && experiments.definition(lab)) preferences.visit(`#/lab/${lab}`);
  }, [lab]);
  if (isEmbed(place)) return <EmbedPage place={place} />;
  return (
    <>
      <a href="#main" className={styles.skip} onClick={toMain}>
        Skip to the content
      </a>
      <TopBar place={place} />
      <main id="main" className={styles.main} tabIndex={-1}>
        <ErrorBoundary what="This page" resetKey={keyOf(place)}>
          <Suspense fallback={<div className={styles.waiting} />}>
            <Route place={place} />
          </Suspense>
        </ErrorBoundary>
      </main>
      <Toasts />
      {dialog !== null && (
        <Suspense>
          <Dialogs name={dialog} />
        </Suspense>
      )}
    </>
  );
}

function Route({ place }: { readonly place: WholePlace }): ReactElement {
  switch (place.page) {
    case 'home':
      return <LabPage lab={HOME_LAB} />;
    case 'feature':
      return <FeaturePage />;
    case 'features':
      return <FeaturesPage key={`${place.model}/${place.sae ?? ''}`} model={place.model} sae={place.sae} filter={place.filter} />;
    case 'lab':
      if (place.lab === FEATURE_LAB) return <FeaturePage />;
      return experiments.definition(place.lab) ? (
        <LabPage lab={place.lab} />
      ) : (
        <UnknownPage what={`a lab called “${place.lab}”`} />
      );
    case 'lists':
      return <ListsPage packed={place.packed} />;
    case 'list':
      return <ListPage id={place.list} />;
    case 'models':
      return <ModelsPage />;
    case 'model':
      return <ModelPage id={place.model} />;
    case 'unknown':
      return <UnknownPage what={`a page at “${place.path}”`} />;
  }
}

function keyOf(place: Place): string {
  return place.page === 'home'
    ? `lab:${HOME_LAB}`
    : `${place.page}:${'lab' in place ? place.lab : 'model' in place ? place.model : 'list' in place ? place.list : ''}${place.page === 'features' ? `/${place.sae ?? ''}` : ''}`;
}

/** Names the tab, and after a change of the page puts the focus at its start. */
function useTitle(place: Place): void {
  const key = keyOf(place);
  const first = useRef(true);
  useEffect(() => {
    const name =
      'lab' in place
        ? experiments.definition(place.lab)?.title
        : 'model' in place
          ? place.page === 'features'
            ? `Features of ${place.sae ?? place.model}`
            : place.model
          : place.page === 'models'
            ? 'Models'
            : place.page === 'lists'
              ? 'Lists'
              : null;
    // A dashboard names itself, as it goes on to others, and so does a list, which can be renamed.
    if (place.page !== 'feature' && place.page !== 'list')
      document.title = name === null || name === undefined ? 'Vitrine' : `${name} · Vitrine`;
    if (!first.current) document.getElementById('main')?.focus({ preventScroll: true });
    if (!first.current) window.scrollTo(0, 0);
    first.current = false;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says all of the place that matters here
  }, [key]);
}

function toMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
