/** What uPlot draws and how: colours come from the stylesheet, times from Chinese clocks. */
import uPlot from 'uplot';
import type { Series } from '../../api/contract/measurement.ts';
import { number, scaleFor } from '../format.ts';
import { COLUMNS, FAMILIES, largest } from './aligned.ts';
import { tickLabels } from './time-axis.ts';

/** Drawn over the lines: failures, and the goal. */
export interface Marks {
  readonly series: Series;
  readonly goal: { readonly value: number; readonly text: string } | null;
}

/** Pixels kept free under the lines for the rows of failures, one per family. */
const FAILURE_ROW_PX = 12;

export function plotOptions(
  size: { width: number; height: number },
  style: CSSStyleDeclaration,
  marks: () => Marks,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = {
    stroke: colour('--ink-soft'),
    font,
    grid: { stroke: colour('--grid'), width: 1 },
    ticks: { show: false },
  };
  const scale = () => {
    const { series } = marks();
    return scaleFor(series.unit, series.value, largest(series));
  };
  return {
    ...size,
    padding: [16, 12, 2 * FAILURE_ROW_PX + 4, 4],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Asia/Shanghai'),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (_, __, most) => [0, upperEnd(most, marks().goal?.value ?? 0)] } },
    axes: [
      {
        ...axis,
        size: 44,
        space: 70,
        values: (_, ticks, __, ___, step) => tickLabels(ticks, step),
      },
      {
        ...axis,
        size: 62,
        space: 52,
        values: (_, ticks) => {
          const { factor, unit } = scale();
          return ticks.map(
            (tick, index) =>
              number(tick * factor) + (index === ticks.length - 1 && unit ? `\n${unit}` : ''),
          );
        },
      },
    ],
    series: [
      {},
      ...FAMILIES.flatMap((family) =>
        COLUMNS.map((column): uPlot.Series => {
          if (column !== 'median') return { width: 0, points: { show: false } };
          return {
            stroke: colour(`--v${family}`),
            width: 2,
            ...(family === 4 ? { dash: [7, 4] } : {}),
            // A bucket between two gaps has no line to be seen by.
            points: { show: true, size: 4, filter: lonePoints },
            spanGaps: false,
          };
        }),
      ),
    ],
    bands: FAMILIES.map((family, index) => {
      const upper = 1 + index * COLUMNS.length;
      return { series: [upper, upper + 1], fill: colour(`--v${family}-band`) };
    }),
    hooks: {
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      draw: [
        (plot) => drawFailures(plot, marks().series, colour, font),
        (plot) => drawGoal(plot, marks().goal, colour, font),
      ],
    },
  };
}

function upperEnd(most: number | null, goal: number): number {
  const top = Math.max(most ?? 0, goal);
  return top > 0 ? top * 1.1 : 1;
}

function lonePoints(plot: uPlot, column: number): number[] {
  const due = Array.from(plot.data[column] ?? []).flatMap((value, index) =>
    value === undefined ? [] : [{ value, index }],
  );
  return due.flatMap(({ value, index }, place) =>
    value !== null && due[place - 1]?.value == null && due[place + 1]?.value == null ? [index] : [],
  );
}

/** A cross for each bucket with failures, in the family's row under the lines. */
function drawFailures(
  plot: uPlot,
  series: Series,
  colour: (name: string) => string,
  font: string,
): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const reach = 3 * ratio;
  ctx.save();
  ctx.lineWidth = 1.6 * ratio;
  ctx.font = scaled(font, ratio);
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  FAMILIES.forEach((family, row) => {
    const failed = series.families[family]?.failed ?? [];
    const y = bbox.top + bbox.height + (48 + row * FAILURE_ROW_PX) * ratio;
    ctx.strokeStyle = colour(`--v${family}`);
    ctx.fillStyle = colour(`--v${family}`);
    ctx.fillText(`✕ v${family}`, bbox.left - 10 * ratio, y);
    ctx.beginPath();
    failed.forEach((runs, index) => {
      if (runs === 0) return;
      const x = plot.valToPos(series.at[index] ?? 0, 'x', true);
      ctx.moveTo(x - reach, y - reach);
      ctx.lineTo(x + reach, y + reach);
      ctx.moveTo(x + reach, y - reach);
      ctx.lineTo(x - reach, y + reach);
    });
    ctx.stroke();
  });
  ctx.restore();
}

function drawGoal(
  plot: uPlot,
  goal: Marks['goal'],
  colour: (name: string) => string,
  font: string,
): void {
  if (!goal) return;
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const y = plot.valToPos(goal.value, 'y', true);
  ctx.save();
  ctx.strokeStyle = colour('--goal');
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = scaled(font, ratio);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const width = ctx.measureText(goal.text).width + 10 * ratio;
  const x = bbox.left + bbox.width - width;
  ctx.fillStyle = colour('--surface');
  ctx.fillRect(x, y - 9 * ratio, width, 18 * ratio);
  ctx.fillStyle = colour('--goal');
  ctx.fillText(goal.text, x + 5 * ratio, y);
  ctx.restore();
}

/** A font in canvas pixels. */
function scaled(font: string, ratio: number): string {
  return font.replace(/^\d+px/, (size) => `${Number.parseInt(size, 10) * ratio}px`);
}
