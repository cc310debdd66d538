/** Zooming by the SVG's viewBox. Pure. */
import type { Box, Point } from './shape.ts';

/** Shares of the whole drawing: closer than this a county fills the frame. */
const CLOSEST = 1 / 24;

/** Enlarges `box` to the drawing's proportions, around its centre, so that nothing is cut off. */
export function framed(box: Box, whole: Box): Box {
  const scale = Math.max(box.width / whole.width, box.height / whole.height);
  return around(
    [box.x + box.width / 2, box.y + box.height / 2],
    [0.5, 0.5],
    Math.min(1, Math.max(CLOSEST, scale)),
    whole,
  );
}

/** Zooms by `factor` (<1: closer) holding `anchor`, in the drawing's units, where it is. */
export function zoomAt(box: Box, anchor: Point, factor: number, whole: Box): Box {
  const share: Point = [(anchor[0] - box.x) / box.width, (anchor[1] - box.y) / box.height];
  const scale = Math.min(1, Math.max(CLOSEST, (box.width / whole.width) * factor));
  return around(anchor, share, scale, whole);
}

/** Moves by a share of the visible part. */
export function pan(box: Box, shareX: number, shareY: number, whole: Box): Box {
  return within({ ...box, x: box.x + shareX * box.width, y: box.y + shareY * box.height }, whole);
}

/** Part `progress` (0…1) of the way from one box to another, eased. */
export function between(from: Box, to: Box, progress: number): Box {
  const eased = 1 - (1 - progress) ** 3;
  const mix = (a: number, b: number) => a + (b - a) * eased;
  return {
    x: mix(from.x, to.x),
    y: mix(from.y, to.y),
    width: mix(from.width, to.width),
    height: mix(from.height, to.height),
  };
}

function around(point: Point, share: Point, scale: number, whole: Box): Box {
  const [width, height] = [whole.width * scale, whole.height * scale];
  return within(
    { x: point[0] - share[0] * width, y: point[1] - share[1] * height, width, height },
    whole,
  );
}

function within(box: Box, whole: Box): Box {
  const hold = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
  return {
    ...box,
    x: hold(box.x, whole.x, whole.x + whole.width - box.width),
    y: hold(box.y, whole.y, whole.y + whole.height - box.height),
  };
}
