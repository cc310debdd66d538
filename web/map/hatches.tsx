/** Patterns for what has no class: nothing seen, and too little seen. */

interface Props {
  /** Tells the patterns of two drawings apart. */
  id: 'map' | 'legend';
  /** Width of one repeat in the drawing's units; constant on screen when it follows the zoom. */
  step: number;
}

export function Hatches({ id, step }: Props) {
  const square = { patternUnits: 'userSpaceOnUse' as const, width: step, height: step };
  return (
    <defs>
      <pattern id={`${id}-unmeasured`} {...square} patternTransform="rotate(45)">
        <rect class="hatch-ground" width={step} height={step} />
        <line
          class="hatch-line"
          x1={step / 2}
          y1="0"
          x2={step / 2}
          y2={step}
          stroke-width={step / 4.5}
        />
      </pattern>
      <pattern id={`${id}-insufficient`} {...square} patternTransform="rotate(45)">
        <rect class="tint-ground" width={step} height={step} />
        <circle class="tint-dot" cx={step / 2} cy={step / 2} r={step / 4.2} />
      </pattern>
    </defs>
  );
}
