/**
 * Work that waits until the browser has shown what was drawn last: an agent who is called sees it before the page does anything
 * else. A page that nobody looks at paints nothing, so it does not wait for that.
 */

/** A window that is covered may have no frame although the page counts as visible. */
const NO_FRAME_MS = 100;

export function afterPaint(work: () => void): void {
  let due = true;
  const run = () => {
    if (due) work();
    due = false;
  };
  if (document.hidden) {
    setTimeout(run);
    return;
  }
  requestAnimationFrame(() => setTimeout(run));
  setTimeout(run, NO_FRAME_MS);
}
