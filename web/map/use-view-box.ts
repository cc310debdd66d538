/** The visible part of the map, moved by wheel, drag, buttons and by the area chosen. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CountyGeometry } from '../../api/contract/geometry.ts';
import type { Box } from './shape.ts';
import { between, framed, pan, zoomAt } from './zoom.ts';

const GLIDE_MS = 450;
/** Pixels before a press counts as a drag and no longer as a click. */
const DRAG_PX = 4;

export interface ViewBox {
  readonly box: Box;
  /** Glides to a part of the drawing; null: the whole. */
  show(part: Box | null): void;
  /** Zooms about the centre; below 1 is closer. */
  closer(factor: number): void;
  /** Begins a drag. */
  move(event: PointerEvent): void;
}

export function useViewBox(
  svg: RefObject<SVGSVGElement | null>,
  { width, height }: CountyGeometry,
): ViewBox {
  const whole: Box = { x: 0, y: 0, width, height };
  const [box, setBox] = useState(whole);
  const now = useRef(box);
  const frame = useRef(0);

  const put = (next: Box) => {
    now.current = next;
    setBox(next);
  };

  const glide = (to: Box) => {
    cancelAnimationFrame(frame.current);
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return put(to);
    const from = now.current;
    let begin: number | null = null;
    const step = (time: number) => {
      begin ??= time;
      const progress = Math.min(1, (time - begin) / GLIDE_MS);
      put(between(from, to, progress));
      if (progress < 1) frame.current = requestAnimationFrame(step);
    };
    frame.current = requestAnimationFrame(step);
  };

  useEffect(() => {
    const element = svg.current;
    // Only with Ctrl or a pinch: the plain wheel keeps scrolling the page.
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(
        element?.getScreenCTM()?.inverse(),
      );
      cancelAnimationFrame(frame.current);
      put(zoomAt(now.current, [point.x, point.y], 1.0015 ** event.deltaY, whole));
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      element?.removeEventListener('wheel', onWheel);
      cancelAnimationFrame(frame.current);
    };
  }, [width, height]);

  const move = (start: PointerEvent) => {
    const element = svg.current;
    if (!element || start.button !== 0 || start.pointerType === 'touch') return;
    const from = now.current;
    let dragged = false;
    const onMove = (event: PointerEvent) => {
      const [dx, dy] = [event.clientX - start.clientX, event.clientY - start.clientY];
      dragged ||= Math.hypot(dx, dy) > DRAG_PX;
      if (dragged) put(pan(from, -dx / element.clientWidth, -dy / element.clientHeight, whole));
    };
    const onUp = () => {
      removeEventListener('pointermove', onMove);
      removeEventListener('pointerup', onUp);
      removeEventListener('pointercancel', onUp);
      // The click that ends a drag selects nothing.
      if (!dragged) return;
      const swallow = (event: Event) => event.stopPropagation();
      element.addEventListener('click', swallow, true);
      setTimeout(() => element.removeEventListener('click', swallow, true));
    };
    addEventListener('pointermove', onMove);
    addEventListener('pointerup', onUp);
    addEventListener('pointercancel', onUp);
  };

  return {
    box,
    show: (part) => glide(part ? framed(part, whole) : whole),
    closer: (factor) => {
      const { x, y, width: w, height: h } = now.current;
      glide(zoomAt(now.current, [x + w / 2, y + h / 2], factor, whole));
    },
    move,
  };
}
