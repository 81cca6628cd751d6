/** Rounds over which waiting is looked at, that a trial takes, and after which a decision is looked at again. */
const WATCHED_ROUNDS = 128
const TRIAL_ROUNDS = 32
const DECIDED_ROUNDS = 512
/** With a processor for every thread the calling one waits for a few per cent of a balanced round. */
const MUCH_WAITING = 0.4

/** Times the rounds of a crew, and says whether the calling thread had better be alone. */
export interface Busyness {
  readonly isAlone: boolean
  begin(): void
  /** From here on the calling thread has nothing to do but wait. */
  wait(): void
  end(): void
}

/**
 * Whether other threads help: where they share their processors with other programs, waiting for them may take longer
 * than doing their work. When the calling thread waits much, a few rounds are done alone, and the faster way is kept for
 * a while. Results do not depend on it.
 * @param now clock, ms
 */
export function watchBusyness(now: () => number = () => performance.now()): Busyness {
  let mode: 'watched' | 'trial' | 'alone' | 'together' = 'watched'
  let rounds = 0
  let began = 0
  let waitsSince = 0
  let spent = 0
  let waited = 0
  let together = 0

  function enter(next: typeof mode): void {
    mode = next
    rounds = 0
    spent = 0
    waited = 0
  }

  return {
    get isAlone() {
      return mode === 'trial' || mode === 'alone'
    },
    begin() {
      began = now()
    },
    wait() {
      waitsSince = now()
    },
    end() {
      const ended = now()
      rounds++
      spent += ended - began
      waited += ended - waitsSince
      if (mode === 'watched' && rounds === WATCHED_ROUNDS) {
        together = spent / rounds
        enter(waited > MUCH_WAITING * spent ? 'trial' : 'watched')
      } else if (mode === 'trial' && rounds === TRIAL_ROUNDS) {
        enter(spent / rounds < together ? 'alone' : 'together')
      } else if ((mode === 'alone' || mode === 'together') && rounds === DECIDED_ROUNDS) {
        enter('watched')
      }
    },
  }
}
