/** What a figure is drawn from, subject by subject. */
import type { FigureKind, FigureSubject } from './figure.ts';
import type { Place } from './place.ts';

export interface EvidenceRow {
  /** Name of the line or service, or the village's code. */
  subject: string;
  /** Code of the place it counts for. */
  place: string;
  /** Of a line its own; else whose lines looked, null for all lines together. */
  carrier: string | null;
  /** In the indicator's unit. */
  value: number;
  /** Always false where the figure is a quantile. */
  passed: boolean;
  /** When the newest measurement behind it was received. */
  newest: string;
  /** Its raw rows; null where the subject is no line. */
  measurements: string | null;
}

/**
 * `GET /v1/evidence?target=ID&month=YYYY-MM&carrier=CODE&within=32&limit=100&cursor=`: every subject with
 * enough evidence that a measured target's figure of an area counts, by name.
 */
export interface EvidencePage {
  target: string;
  month: string;
  carrier: string | null;
  within: Place;
  indicator: string;
  method: string;
  kind: FigureKind;
  subject: FigureSubject;
  unit: string;
  /** n and N of the area's figure. */
  observed: number;
  registered: number;
  items: EvidenceRow[];
  next: string | null;
}
