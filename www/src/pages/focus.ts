/** Moves the reading position to the heading of a screen that has just appeared, as a page load would. */
import type { LitElement } from 'lit';

/** Focuses the first `h1` under a page, also inside of its elements. */
export function focusHeading(page: LitElement): void {
  void page.updateComplete.then(() => new Promise(requestAnimationFrame)).then(() => {
    scrollTo({ top: 0 });
    headingIn(page.renderRoot)?.focus({ preventScroll: true });
  });
}

function headingIn(root: ParentNode): HTMLElement | undefined {
  const own = root.querySelector<HTMLElement>('h1');
  if (own) return own;
  for (const child of root.querySelectorAll('*')) {
    const found = child.shadowRoot ? headingIn(child.shadowRoot) : undefined;
    if (found) return found;
  }
  return undefined;
}
