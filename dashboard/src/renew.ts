/** A page that stood open while the dashboard was built anew asks for chunks that are gone: it is loaded again, by itself.
 *
 * Law: at most once a minute, so that a chunk that is really missing leads to the error and not to a loop.
 */
const LEAST_MS = 60_000;
const RENEWED = 'renewed-ms';

export function renewWhenOutdated(): void {
  window.addEventListener('vite:preloadError', (event) => {
    if (Date.now() - Number(sessionStorage.getItem(RENEWED) ?? 0) < LEAST_MS) return;
    sessionStorage.setItem(RENEWED, String(Date.now()));
    event.preventDefault();
    location.reload();
  });
}

/** What was imported; never, while the page is loaded again for lack of it. */
export const orRenewed = async <T>(imported: Promise<T | undefined>): Promise<T> => (await imported) ?? new Promise<T>(() => undefined);
