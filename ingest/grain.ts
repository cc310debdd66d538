/**
 * How finely some times are kept. A probe's clock is known to milliseconds and a task's duration judges
 * nothing, so microseconds of them are chance, and chance is what does not compress: kept to 128 µs
 * they cost 2.8 bytes a row, to the microsecond 5.4. A power of two leaves whole bit planes empty, which
 * is what T64 looks for. What is measured is kept as the metric declares it.
 */
const GRAIN_US = 128;

/** To the nearest grain. */
export function grained(us: number): number {
  // Zero has no sign.
  return Math.round(us / GRAIN_US) * GRAIN_US || 0;
}

/** An uncertainty never shrinks: up, and over what `grained` may have moved the offset by. */
export function grainedUp(us: number): number {
  return Math.ceil((us + GRAIN_US / 2) / GRAIN_US) * GRAIN_US;
}
