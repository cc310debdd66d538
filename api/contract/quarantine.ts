/** Rows of reports that were refused, and why. */
import type { Title } from './place.ts';

/** `GET /v1/quarantine?limit=100&cursor=&code=&probe=`: rows that were refused, latest received first. */
export interface QuarantineRow {
  code: string;
  title: Title;
  probe: string;
  /** Of the original line. */
  sha256: string;
  sequence: number | null;
  /** 1-based line of its report. */
  line: number;
  reason: string;
  /** The original's first 500 bytes, as text. */
  head: string;
  sizeB: number;
  source: string;
  received: string;
  /** When a reviewer last released it; null while it waits. */
  released: string | null;
}

export interface QuarantinePage {
  items: QuarantineRow[];
  next: string | null;
}
