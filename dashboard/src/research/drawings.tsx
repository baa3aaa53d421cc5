/** Small drawings of research: a histogram, points in against out of sample, a strip for each parameter. */
import { useEffect, useRef } from 'react';
import { token } from '../charts/chart-tokens';
import { plain } from '../format/numbers';
import css from './drawings.module.css';

export type Bars = { edges: readonly number[]; counts: readonly number[] };

/** Bars with zero marked; those at or below `filled` are filled, the others hollow; `lines` are labelled. */
export function Histogram({ of, lines = [], filled, format = (v) => plain(v, 1), summary, height = 140 }: {
  of: Bars; lines?: readonly { at: number; label: string; tone?: 'up' | 'down' }[]; filled?: number; format?: (value: number) => string; summary: string; height?: number;
}) {
  const [width, top, foot] = [560, 16, 18];
  const [low, high] = [of.edges[0] ?? 0, of.edges.at(-1) ?? 1];
  const most = Math.max(1, ...of.counts);
  const x = (value: number) => ((value - low) / (high - low || 1)) * width;
  return (
    <svg className={css['svg']} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary}>
      {of.counts.map((count, i) => {
        const [a, b] = [of.edges[i] ?? 0, of.edges[i + 1] ?? 0];
        const tall = ((height - top - foot) * count) / most;
        return <rect key={i} data-filled={filled !== undefined && a < filled ? '' : undefined} x={x(a) + 0.5} y={height - foot - tall} width={Math.max(1, x(b) - x(a) - 1)} height={tall} />;
      })}
      {low < 0 && high > 0 && <line className={css['zero']} x1={x(0)} x2={x(0)} y1={top} y2={height - foot} />}
      {lines.filter((line) => line.at >= low && line.at <= high).map((line) => (
        <g key={line.label} data-tone={line.tone}>
          <line x1={x(line.at)} x2={x(line.at)} y1={top} y2={height - foot} />
          <text x={Math.max(4, Math.min(width - 4, x(line.at)))} y={11} textAnchor={x(line.at) > width * 0.8 ? 'end' : x(line.at) < width * 0.2 ? 'start' : 'middle'}>{line.label}</text>
        </g>
      ))}
      {[low, (low + high) / 2, high].map((at, i) => (
        <text key={i} className={css['tick']} x={[0, width / 2, width][i]} y={height - 4} textAnchor={['start', 'middle', 'end'][i] as 'start'}>{format(at)}</text>
      ))}
    </svg>
  );
}

/** In against out of sample, dense: darker where more combinations lie; chosen ones numbered. */
export function Scatter({ inside, outside, chosen, range, summary }: {
  inside: Float32Array; outside: Float32Array; chosen: readonly { inside: number; outside: number; label: string }[]; range: readonly [number, number]; summary: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const into = canvas.current;
    const c = into?.getContext('2d');
    if (!into || !c) return;
    const [side, ratio] = [into.clientWidth, window.devicePixelRatio || 1];
    const tall = into.clientHeight;
    [into.width, into.height] = [side * ratio, tall * ratio];
    c.scale(ratio, ratio);
    const pad = 34;
    const low = Math.min(range[0], 0);
    const high = Math.max(range[1], 0.1);
    const x = (v: number) => pad + ((v - low) / (high - low)) * (side - pad - 8);
    const y = (v: number) => 8 + (1 - (v - low) / (high - low)) * (tall - pad - 8);
    c.strokeStyle = token('rule');
    c.beginPath();
    for (const [a, b] of [[low, 0], [high, 0]]) c[a === low ? 'moveTo' : 'lineTo'](x(a ?? 0), y(b ?? 0));
    c.moveTo(x(0), y(low));
    c.lineTo(x(0), y(high));
    c.stroke();
    c.setLineDash([4, 4]);
    c.strokeStyle = token('text-3');
    c.beginPath();
    c.moveTo(x(low), y(low));
    c.lineTo(x(high), y(high));
    c.stroke();
    c.setLineDash([]);
    c.fillStyle = token('accent');
    c.globalAlpha = Math.max(0.06, Math.min(0.7, 300 / Math.max(1, inside.length)));
    for (let i = 0; i < inside.length; i++) c.fillRect(x(inside[i] ?? 0) - 1.5, y(outside[i] ?? 0) - 1.5, 3, 3);
    c.globalAlpha = 1;
    c.font = '12px system-ui, sans-serif';
    c.fillStyle = token('text-1');
    for (const one of chosen) {
      c.strokeStyle = token('text-1');
      c.beginPath();
      c.arc(x(one.inside), y(one.outside), 4, 0, 7);
      c.stroke();
      c.fillText(one.label, x(one.inside) + 6, y(one.outside) - 4);
    }
    c.fillStyle = token('text-3');
    for (const value of [low, 0, high]) {
      c.textAlign = 'right';
      c.fillText(plain(value, 1), pad - 6, y(value) + 4);
      c.textAlign = 'center';
      c.fillText(plain(value, 1), Math.min(side - 12, x(value)), tall - 8);
    }
    c.textAlign = 'left';
  }, [inside, outside, chosen, range]);
  return <canvas ref={canvas} className={css['scatter']} role="img" aria-label={summary} />;
}
