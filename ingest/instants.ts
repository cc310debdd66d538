/** Microsecond stamps that never repeat: they order rows by arrival and carry page cursors. */
export function distinctInstants(): (now: Date) => string {
  let last = 0;
  return (now) => {
    last = Math.max(now.getTime() * 1000, last + 1);
    const micros = String(last % 1000).padStart(3, '0');
    return new Date(Math.floor(last / 1000)).toISOString().replace('Z', `${micros}Z`);
  };
}
