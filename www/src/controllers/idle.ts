/** Calls back when nobody has touched the page for a while. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

const IDLE_MS = 10 * 60_000;
const signs = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

export class Idle implements ReactiveController {
  readonly #onIdle: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = Date.now();

  constructor(host: ReactiveControllerHost, onIdle: () => void) {
    this.#onIdle = onIdle;
    host.addController(this);
  }

  hostConnected(): void {
    for (const sign of signs) addEventListener(sign, this.#touch, { passive: true });
    document.addEventListener('visibilitychange', this.#check);
    this.#touch();
  }

  hostDisconnected(): void {
    for (const sign of signs) removeEventListener(sign, this.#touch);
    document.removeEventListener('visibilitychange', this.#check);
    clearTimeout(this.#timer);
  }

  readonly #touch = (): void => {
    this.#last = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#check, IDLE_MS);
  };

  // A sleeping machine stops timers, so the clock decides, also when the page is looked at again.
  readonly #check = (): void => {
    if (Date.now() - this.#last >= IDLE_MS) this.#onIdle();
    else if (document.visibilityState === 'visible') this.#touch();
  };
}
