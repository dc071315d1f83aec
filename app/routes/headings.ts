/** What stands above a page. The build writes it into the page's frame, which is drawn before the app is here. */
interface Heading {
  readonly title: string;
  readonly lead: string;
}

export const HOME_HEADING: Heading = {
  title: 'Look inside a language model',
  lead: 'It runs in this tab, on your own device. Nothing you type leaves it.',
};
export const LISTS_TITLE = 'Lists';
export const MODELS_TITLE = 'Models';
