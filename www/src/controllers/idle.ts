/**
 * Calls back when nobody has touched this page for a while in any of its windows, when nobody has looked at one, or when the
 * browser puts this window to sleep.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Why nobody seems to be here: not touched, not looked at, or this window sleeps. */
export type Absence = 'idle' | 'away' | 'asleep';

const IDLE_MS = 10 * 60_000;
const AWAY_MS = 2 * 60_000;
/** How often a window tells the others that somebody is here, at the most. */
const TELL_MS = 20_000;
const signs = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

export class Idle implements ReactiveController {
  readonly #onAbsence: (absence: Absence) => void;
  readonly #windows = new BroadcastChannel('medrec-presence');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #touched = Date.now();
  #seen = Date.now();
  #told = 0;

  constructor(host: ReactiveControllerHost, onAbsence: (absence: Absence) => void) {
    this.#onAbsence = onAbsence;
    host.addController(this);
    this.#windows.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      this.#seen = Date.now();
      if (data === 'touched') this.#touched = this.#seen;
    });
  }

  hostConnected(): void {
    for (const sign of signs) addEventListener(sign, this.#touch, { passive: true });
    document.addEventListener('visibilitychange', this.#look);
    document.addEventListener('freeze', this.#sleep);
    this.#touch();
  }

  hostDisconnected(): void {
    for (const sign of signs) removeEventListener(sign, this.#touch);
    document.removeEventListener('visibilitychange', this.#look);
    document.removeEventListener('freeze', this.#sleep);
    clearTimeout(this.#timer);
  }

  readonly #touch = (): void => {
    const now = Date.now();
    this.#touched = now;
    this.#seen = now;
    if (now - this.#told >= TELL_MS) {
      this.#told = now;
      this.#windows.postMessage('touched');
    }
    this.#wait();
  };

  // A sleeping machine stops timers, so the clock decides, also when the page is looked at again.
  readonly #look = (): void => {
    this.#check();
    this.#seen = Date.now();
    this.#wait();
  };

  readonly #check = (): void => {
    const now = Date.now();
    const isLookedAt = document.visibilityState === 'visible';
    if (now - this.#touched >= IDLE_MS) this.#onAbsence('idle');
    else if (now - this.#seen >= AWAY_MS && !isLookedAt) this.#onAbsence('away');
    else if (isLookedAt) {
      this.#seen = now;
      this.#windows.postMessage('seen');
    }
    this.#wait();
  };

  readonly #sleep = (): void => {
    this.#onAbsence('asleep');
  };

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#check, TELL_MS);
  }
}
