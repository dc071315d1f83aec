/** What has a tip, or is named by one. */
const OWNER = '[data-tip]';
/** Milliseconds that a pointer rests before a tip appears, so that one on its way leaves none behind. */
const REST = 300;
/** Milliseconds in which a pointer that leaves may reach the tip. */
const GRACE = 120;
/** Pixels between a tip and what it is of, and between a tip and the edge of the window. */
const GAP = 5;

export interface ShownTip {
  readonly owner: Element;
  readonly text: string;
  /** What has the focus, where that is why it is shown and nothing else tells it. */
  readonly focused: Element | null;
}

/** Listens to pointer, finger and keyboard, and says which tip is to be seen. @returns ends it */
export function followTips(box: () => Element | null, show: (tip: ShownTip | null) => void): () => void {
  let owner: Element | null = null;
  let by: Element | null = null;
  let told = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  // What it is of may go away, or have another tip.
  const changes = new MutationObserver(() => {
    if (!owner) return;
    if (!owner.isConnected) put(null);
    else if (tipOf(by ?? owner) !== told) put(owner, by);
  });
  const put = (next: Element | null, focused: Element | null = null): void => {
    clearTimeout(timer);
    timer = undefined;
    changes.disconnect();
    told = next ? tipOf(focused ?? next) : '';
    [owner, by] = told === '' ? [null, null] : [next, focused];
    show(owner && { owner, text: told, focused: by?.hasAttribute('aria-label') === true ? null : by });
    if (owner) changes.observe(document.body, { childList: true, subtree: true, attributeFilter: ['data-tip'] });
  };
  let goal: Element | null = null;
  // Hidden by Esc, and not shown again before the pointer has left what it is of.
  let dismissed: Element | null = null;
  const stay = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const soon = (next: Element | null, ms: number, focused: Element | null = null): void => {
    if (timer !== undefined && goal === next) return;
    clearTimeout(timer);
    goal = next;
    timer = setTimeout(() => put(next, focused), ms);
  };
  // Whatever the keyboard is on has its tip again when the pointer has gone.
  const leave = (): void => {
    const focused = focusedByKeys();
    const next = focused && ownerAt(focused);
    if (owner && owner !== next) soon(next, GRACE, focused);
    else stay();
  };
  const onMove = ({ target, pointerType, clientX, clientY }: PointerEvent): void => {
    if (pointerType === 'touch' || !(target instanceof Element)) return;
    const next = target.closest(OWNER);
    if (next !== null && next === dismissed) return;
    dismissed = null;
    const over = owner !== null && isIn(box(), clientX, clientY);
    if (next && next !== owner) soon(next, owner && !over ? 0 : REST);
    else if (next || over) stay();
    else leave();
  };
  // A tap has acted already where the tip only says what a button does.
  const onTap = (event: MouseEvent): void => {
    if (!(event instanceof PointerEvent) || event.pointerType !== 'touch' || !(event.target instanceof Element)) return;
    const next = event.target.closest(OWNER);
    const tells = next !== null && next.getAttribute('aria-label') !== next.getAttribute('data-tip');
    put(tells && next !== owner ? next : null);
  };
  const onFocus = ({ target }: FocusEvent): void => {
    if (!(target instanceof Element) || !target.matches(':focus-visible')) return;
    const next = ownerAt(target);
    if (next) put(next, target);
  };
  const onBlur = (): void => put(null);
  const onKey = ({ key }: KeyboardEvent): void => {
    if (key !== 'Escape' || !owner) return;
    dismissed = owner;
    put(null);
  };
  const ends = [
    on(document, 'pointermove', onMove),
    on(document, 'click', onTap),
    on(document, 'focusin', onFocus),
    on(document, 'focusout', onBlur),
    on(document, 'keydown', onKey),
    on(document, 'scroll', () => owner && put(null)),
    on(document.documentElement, 'pointerleave', leave),
  ];
  return () => {
    clearTimeout(timer);
    changes.disconnect();
    for (const end of ends) end();
  };
}

/** Presses go through a tip, so that it is in nobody’s way; that the pointer is on it is told by its place. */
function isIn(box: Element | null, x: number, y: number): boolean {
  const { left, right, top, bottom } = box?.getBoundingClientRect() ?? new DOMRect();
  return x >= left && x <= right && y >= top - GAP && y <= bottom + GAP;
}

/** Captured, so that what is handled elsewhere counts as well. */
function on<K extends keyof DocumentEventMap>(
  target: Document | HTMLElement,
  type: K,
  act: (event: DocumentEventMap[K]) => unknown,
): () => void {
  const listener = act as EventListener;
  target.addEventListener(type, listener, true);
  return () => target.removeEventListener(type, listener, true);
}

const ownerAt = (element: Element): Element | null => element.closest(OWNER) ?? held(element)[0] ?? null;

/** Things with tips inside of one control. */
const held = (element: Element): readonly Element[] => (element.matches('a, button') ? [...element.querySelectorAll(OWNER)] : []);

const focusedByKeys = (): Element | null =>
  document.activeElement?.matches(':focus-visible') === true ? document.activeElement : null;

/** Its own tip or that of what it is in; of a control that holds things with tips, all of theirs. */
function tipOf(element: Element): string {
  const own = element.closest(OWNER);
  return (own ? [own] : held(element))
    .map((one) => one.getAttribute('data-tip') ?? '')
    .filter((text) => text !== '')
    .join('\n');
}

/** Above what it is of, or below where there is no room, inside the window. */
export function placeTip(tip: HTMLElement, owner: Element): void {
  const { left, top, width, bottom } = owner.getClientRects()[0] ?? owner.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = tip;
  const most = document.documentElement.clientWidth - offsetWidth - GAP;
  const above = top - offsetHeight - GAP;
  tip.style.left = `${Math.max(GAP, Math.min(left + width / 2 - offsetWidth / 2, most))}px`;
  tip.style.top = `${above >= GAP ? above : bottom + GAP}px`;
}
