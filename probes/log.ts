/** What the agent needs of a log; pino's shape. Messages are Chinese first, English second. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One line in both languages. */
export function bilingual({ zh, en }: { readonly zh: string; readonly en: string }): string {
  return `${zh} · ${en}`;
}
